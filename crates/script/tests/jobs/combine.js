// state: {"data":{}}
combine(fn(s => ({ ...s, a: 1 })), fn(async s => ({ ...s, b: s.a + 1 })), fn(s => ({ ...s, c: s.b + 1 })));
