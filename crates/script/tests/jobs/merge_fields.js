// state: {"data":{"id":9,"rows":[{"a":1},{"a":2}]}}
fn(state => ({ ...state, data: merge('$.data.rows[*]', fields(field('id', dataValue('id')), field('k', 'v')))(state) }));
