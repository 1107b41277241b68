// state: {"data":{}}
fn(state => state.data.missing.deeper);
