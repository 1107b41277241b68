// state: {"data":{"a":1}}
log('one', $.data.a, state => state.data);
debug($.data);
