// state: {"data":{"items":["a","b"]}}
each($.data.items, fn(state => ({ ...state, last: `${state.last ?? ''}${state.data}${state.index}` })));
