// state: {"data":{"items":[1,2]}}
each($.data.items, fn(state => { if (state.data === 2) throw new Error('second'); return state; }));
