// state: {"data":[1,2]}
fn(state => ({ ...state, n: state.data.length }));
