// state: {"data":{"a":1}}
fn(state => { state.data.b = 2; throw new Error('boom'); });
