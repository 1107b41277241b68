// state: {}
fn(() => 42);
