// state: {"data":{}}
fn(state => ({ ...state, data: {
  base64: Buffer.from('héé €😀').toString('base64'), back: Buffer.from('aMOpw6kg4oKs8J+YgA==', 'base64').toString(), hex: Buffer.from('ab').toString('hex'),
  length: Buffer.from('€').length, bytes: [...Buffer.from([1, 2, 300])], latin: Buffer.from([233]).toString('latin1'), url: Buffer.from([251, 255]).toString('base64url'),
  broken: Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62]).toString(), is: Buffer.isBuffer(Buffer.from('')), both: Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString(), part: Buffer.from('hello').toString('utf8', 1, 3),
} }));
