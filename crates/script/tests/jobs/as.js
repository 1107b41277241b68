// state: {"data":{"kept":true}}
as('found', fn(state => ({ ...state, data: { n: 1 }, other: 'x' })));
as(state => `k${Object.keys(state).length}`, fn(state => ({ ...state, data: 2 })));
