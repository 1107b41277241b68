// state: {"data":{"items":[1,2,3]}}
const double = number => number * 2;
function total(list) { return list.reduce((sum, number) => sum + number, 0); }
fn(state => ({ ...state, doubled: state.data.items.map(double), total: total(state.data.items) }));
