// state: {"data":{"items":[{"k":"b","n":2},{"k":"a","n":1},{"k":"b","n":3}]}}
fn(state => ({ ...state, data: { by: _.groupBy(state.data.items, 'k'), sum: _.sumBy(state.data.items, 'n'), chain: _(state.data.items).map('n').sort().reverse().value(), get: _.get(state, 'data.items[1].k'), key: _.camelCase('water point') } }));
