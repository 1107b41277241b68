// state: {"data":{"books":[{"t":"A","p":8,"tags":["x"]},{"t":"B","p":12},{"t":"C","p":22,"isbn":"1"}],"odd key":{"x":"u"},"deep":{"p":1,"more":{"p":2}}}}
fn(state => {
  const found = {};
  for (const path of [
    '$.data.books[0].t', '$.data.books[*].t', '$.data.books[0,2].t', '$.data.books[1:].t', '$.data.books[-1:].t', '$.data.books[:2].t',
    '$.data.books[::2].t', '$..p', '$.data.books[?(@.p > 10)].t', '$.data.books[?(@.isbn)].t', "$.data.books[?(@.t == 'B' || @.p < 9)].p",
    '$.data.books[(@.length-1)].t', "$.data['odd key'].x", '$.data.books[*].tags[0]', 'data.deep.more.p', '$.data.books.length',
    '$.data.deep.*', '$.data.books[?(@.tags && @.tags.length > 0)].t', "$.data.books[?(@.t.match(/^[AB]$/))].t", '$.data.deep~', '$.data.deep.more^.p',
    '$.data.books[?(!@.isbn)].t', '$.data.deep[?(@property === "p")]', '$.nothing.at.all', '$',
  ]) found[path] = path === '$' ? source(path)(state).length : source(path)(state);
  return { ...state, data: found };
});
