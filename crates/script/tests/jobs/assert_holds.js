// state: {"data":{"a":1}}
assert($.data.a === 1, 'a is one');
assert(state => state.data.a, 'there is an a');
