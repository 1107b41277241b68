// state: {"data":{}}
fn(() => eval('1 + 1'));
