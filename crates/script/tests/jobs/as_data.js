// state: {"data":{"items":[1,2]}}
fn(state => ({ ...state, data: [asData('$.data.items[*]', state), asData([3], state), asData(s => s.data.items, state)] }));
