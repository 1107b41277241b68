// state: {"data":{}}
fn(state => ({ ...state, data: [http.options({ a: 1 }).json().basic('u', 'p'), http.options().bearer('t'), Object.keys(http.options())] }));
