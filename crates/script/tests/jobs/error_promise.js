// state: {"data":{"x":1}}
fn(() => Promise.reject(new Error('rejected')));
