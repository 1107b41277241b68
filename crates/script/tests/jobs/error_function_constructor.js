// state: {"data":{}}
fn(() => (() => {}).constructor('return 1')());
