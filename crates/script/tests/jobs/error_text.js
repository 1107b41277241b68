// state: {}
fn(() => { throw 'just words'; });
