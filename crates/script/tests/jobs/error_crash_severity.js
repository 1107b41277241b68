// state: {"data":{}}
fn(() => { throw Object.assign(new Error('stop all'), { severity: 'crash', fix: 'do not' }); });
