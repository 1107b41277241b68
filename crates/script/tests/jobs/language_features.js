// state: {"data":{"a":null}}
const wait = await Promise.resolve(3);
fn(async state => {
  const list = [];
  for await (const item of [Promise.resolve(1), 2]) list.push(item);
  state.data.a ??= 'default';
  const { a, ...rest } = { a: 1, b: 2 };
  return { ...state, wait, list, rest, optional: state.none?.deep?.er ?? 'nothing', at: [1, 2].at(-1), grouped: Object.fromEntries(new Map([['x', 1]])), text: 'a-b'.replaceAll('-', '+'), sorted: [3, 1, 2].toSorted?.() };
});
