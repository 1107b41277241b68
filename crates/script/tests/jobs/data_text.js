// state: {"data":"text"}
fn(state => ({ ...state, n: state.data.length }));
