// state: {"data":{}}
fn(() => new Function('return 1')());
