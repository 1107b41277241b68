// state: {"data":{"a":1}}
assert(state => state.data.a === 2, 'a should be two');
