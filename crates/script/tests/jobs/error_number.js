// state: {}
fn(() => { throw 42; });
