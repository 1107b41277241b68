import { expect, test } from "vitest";
import { parseJson } from "./json";
import { linesOf, treeOfJson } from "./tree";
import { treeStep } from "./treeKeys";

/** 0 the whole, 1 name, 2 children (open), 3 and 4 its items (closed), 5 empty (open), 6 last. */
const lines = linesOf(
  treeOfJson(parseJson('{"name":"Amina","children":[{"age":4},{"age":1}],"empty":[],"last":1}')),
  (_, depth) => depth < 2,
);
const isOpen = (at: number) => [0, 2].includes(at);

test.each([
  ["ArrowDown", 0, { to: 1 }],
  ["ArrowDown", 6, { to: 6 }],
  ["ArrowUp", 0, { to: 0 }],
  ["ArrowUp", 3, { to: 2 }],
  ["Home", 4, { to: 0 }],
  ["End", 1, { to: 6 }],
  ["ArrowRight", 2, { to: 3 }],
  ["ArrowRight", 3, { turn: "open" }],
  ["ArrowRight", 1, { to: 1 }],
  ["ArrowLeft", 4, { to: 2 }],
  ["ArrowLeft", 2, { turn: "close" }],
  ["ArrowLeft", 1, { to: 0 }],
  ["Enter", 2, { turn: "close" }],
  [" ", 3, { turn: "open" }],
  ["Enter", 1, { press: true }],
  ["x", 1, null],
  ["ArrowDown", 99, null],
])("%j at line %i", (key, at, step) => {
  expect(treeStep(lines, at, isOpen(at), key)).toEqual(step);
});
