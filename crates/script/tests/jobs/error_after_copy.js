// state: {"data":{"a":1}}
fn(state => ({ ...state, copy: 1 }));
fn(state => { state.data.mutated = true; throw new Error('late'); });
