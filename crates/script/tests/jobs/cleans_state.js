// state: {"configuration":{"password":"x"},"data":{"a":1},"response":{"status":200}}
fn(state => ({ ...state, fun: () => 1, nothing: undefined, date: new Date(86400000), nan: NaN, nested: [undefined, () => 1], password: state.configuration.password }));
