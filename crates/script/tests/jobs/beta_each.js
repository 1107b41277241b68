// state: {"data":{"items":[1,2]},"n":0}
beta.each('$.data.items[*]', fn(s => ({ ...s, n: s.n + s.data })));
