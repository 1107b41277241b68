// state: {"data":{"items":[{"id":1},{"id":2},{"id":3}]},"seen":[]}
each('$.data.items[*]', fn(state => { state.seen.push([state.index, state.data.id]); return state; }));
