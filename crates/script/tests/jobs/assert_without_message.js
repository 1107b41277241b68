// state: {"data":{}}
assert(state => state.data.b);
