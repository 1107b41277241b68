// state: {"data":{"a":1}}
state.early = true;
fn(s => ({ ...s, same: s === state }));
