// state: {"data":{"yes":true,"no":0}}
fnIf(state => state.data.yes, fn(s => ({ ...s, one: 1 })));
fnIf($.data.no, fn(s => ({ ...s, two: 2 })));
fnIf(true, fn(s => ({ ...s, three: 3 })));
