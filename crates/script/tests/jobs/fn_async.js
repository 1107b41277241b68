// state: {"data":{"a":1}}
fn(async state => { await new Promise(done => setTimeout(done, 5)); return { ...state, waited: true }; });
fn(state => Promise.resolve({ ...state, then: 'promised' }));
