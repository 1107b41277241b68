// state: {"data":{}}
fn(() => JSON.parse('{'));
