// state: {"data":{"a":1}}
export default [state => ({ ...state, one: 1 }), async state => ({ ...state, two: 2 })];
