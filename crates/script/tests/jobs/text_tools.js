// state: {"data":{}}
fn(state => ({ ...state, data: {
  proper: humanProper('water_point-NAME here'), same: humanProper(4), joined: arrayToString([1, 'a', true], '-'),
  listed: toArray('x'), still: toArray([1]), emoji: scrubEmojis('ok 😀 fine ©', '?'), none: scrubEmojis(''), plain: scrubEmojis('a😀b'),
  chunks: chunk([1, 2, 3, 4, 5], 2), split: splitKeys({ a: 1, b: 2, c: 3 }, ['b']), field: field('k', 1), fields: fields(['a', 1], ['b', 2]),
} }));
