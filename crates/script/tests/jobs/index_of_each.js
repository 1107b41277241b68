// state: {"data":{"items":["a","b"]},"at":[]}
each($.data.items, fn(state => ({ ...state, at: [...state.at, index()(state)] })));
