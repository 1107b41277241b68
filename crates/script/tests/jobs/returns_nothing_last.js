// state: {"data":{"a":1}}
fn(() => {});
