// state: {"data":{"big":12345678901234567890,"small":1.10,"negative":-0}}
fn(state => ({ ...state, kinds: Object.values(state.data).map(value => String(value)) }));
