// state: {"list":[3,4]}
each(state => state.list, fn(async state => ({ ...state, sum: (state.sum ?? 0) + state.data })));
