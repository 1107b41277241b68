// state: {"data":{"a":1}}
fn(state => ({ ...state, data: {
  encoded: util.encode('héllo'), object: util.encode({ a: 1 }), decoded: util.decode(util.encode('héllo')), json: util.decode(util.encode({ a: [1] })),
  raw: util.decode(util.encode({ a: 1 }), { parseJson: false }), uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(util.uuid()),
  expanded: util.expandReferences(state, { a: s => s.data.a, b: [s => [s.data.a]], c: 'x' }, 5), header: util.makeBasicAuthHeader('a', 'b'),
} }));
