// state: {"data":{}}
fn(() => nothingOfThatName);
