// state: {"data":{"n":1}}
fn(state => ({ ...state, data: { n: state.data.n + 1 } }));
fn(state => { state.extra = 'kept'; return state; });
