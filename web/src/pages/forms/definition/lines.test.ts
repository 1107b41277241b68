import { expect, test } from "vitest";
import { countWithMore, itemsOf, linesOf, textOfItems } from "./lines";

const RED = { id: "2", text: "two", attributes: { colour: "red" } };
const BEFORE = ["one", RED, { id: "3", text: "three" }];

test("choices are told a line each, and come back as they were", () => {
  const text = textOfItems(BEFORE);
  expect(text).toBe("one\n2 | two\n3 | three");
  expect(itemsOf(text, BEFORE)).toEqual(BEFORE);
  expect(itemsOf(text, BEFORE)[1]).toBe(RED);
  expect(countWithMore(BEFORE)).toBe(1);
});

test.each([
  // Another order, a new one between, one that is gone: what belongs to an id goes with it.
  ["3 | three\n2 | two\nfour\none", [{ id: "3", text: "three" }, RED, "four", "one"]],
  ["2 | two", [RED]],
  // Another text, and another id where no line came or went.
  ["one\n2 | deux\n3 | three", ["one", { ...RED, text: "deux" }, BEFORE[2]]],
  ["one\n2b | two\n3 | three", ["one", { ...RED, id: "2b" }, BEFORE[2]]],
  // A text as long as its id says nothing; what stands behind the second sign belongs to it.
  ["a | a\nb|c | d", ["a", { id: "b", text: "c | d" }]],
  ["\n  \n", []],
])("%j", (text, expected) => {
  expect(itemsOf(text, BEFORE)).toEqual(expected);
});

test("two choices of one line stay two, for the hub to tell", () => {
  expect(itemsOf("a\na", ["a", "a"])).toEqual(["a", "a"]);
});

test("lines that say nothing are none", () => {
  expect(linesOf(" a \n\n b b \n")).toEqual(["a", "b b"]);
});
