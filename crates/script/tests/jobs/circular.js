// state: {"data":{"a":1}}
fn(state => { const ring = { name: 'ring', same: state.data, again: state.data }; ring.self = ring; ring.list = [ring]; return { ...state, ring }; });
