// state: {"data":{"a":1}}
alterState(state => { state.data.b = state.data.a * 2; return state; });
