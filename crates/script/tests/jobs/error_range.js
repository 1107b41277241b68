// state: {"data":{}}
fn(() => new Array(-1));
