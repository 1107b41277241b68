// state: {"data":{"form":"f1","rows":[{"a":1},{"a":2}]}}
fn(state => ({ ...state, data: join('$.data.rows[*]', '$.data.form', 'form')(state) }));
