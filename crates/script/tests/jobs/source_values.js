// state: {"data":{"a":{"b":[{"c":1},{"c":2}]}},"references":[{"x":{"y":7}},{"x":8}]}
fn(state => ({ ...state, got: {
  first: sourceValue('$.data.a.b[*].c')(state),
  all: source('$.data.a.b[*].c')(state),
  none: sourceValue('$.nothing')(state) ?? 'none',
  data: dataValue('a.b[1].c')(state),
  path: dataPath('$.a.b'),
  reference: referencePath('[1].x'),
  last: lastReferenceValue('x.y')(state),
  json: jsonValue({ q: { r: 5 } }, '$.q.r'),
} }));
