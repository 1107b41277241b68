// state: {"data":{"a":1}}
fn(() => {});
fn(state => ({ ...state, after: Object.keys(state) }));
