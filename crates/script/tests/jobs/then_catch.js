// state: {"data":{"a":1}}
fn(state => ({ ...state, b: 2 })).then(state => ({ ...state, c: 3 }));
fn(() => { throw new Error('caught'); }).catch((error, state) => ({ ...state, message: error.message }));
