// state: {"data":null}
fn(state => ({ ...state, kind: JSON.stringify(state.data) }));
