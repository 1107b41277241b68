// state: {}
fn(() => [1, { a: undefined, b: () => 1, c: new Date(0) }]);
