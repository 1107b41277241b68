import { expect, test } from "vitest";
import { countOf, isNothing, readSpan } from "./span";

test.each([
  ["90d", { count: "90", unit: "d" }],
  ["0s", { count: "0", unit: "s" }],
  ["15m", { count: "15", unit: "m" }],
  ["soon d", { count: "soon ", unit: "d" }],
  ["d", { count: "", unit: "d" }],
  ["50ms", null],
  ["", null],
  ["90", null],
])("%s is written as %j", (text, span) => {
  expect(readSpan(text)).toEqual(span);
});

test.each([
  ["90d", { count: 90, unit: "d" }],
  ["soon d", null],
  ["1.5h", null],
  ["-1d", null],
  ["50ms", null],
])("%s counts %j", (text, count) => {
  expect(countOf(text)).toEqual(count);
});

test.each([
  ["0s", true],
  ["0ms", true],
  ["0d", true],
  ["10d", false],
  ["", false],
  ["0", false],
])("%j is no time at all: %s", (text, nothing) => {
  expect(isNothing(text)).toBe(nothing);
});
