import { expect, test } from "vitest";
import { parseSearch, stringifySearch, textIn, textsIn, timeIn, wordIn } from "./search";

test.each([
  ["", {}],
  ["?source=kobo&text=42", { source: "kobo", text: "42" }],
  ["?value=a%3D1&value=b%3D2", { value: ["a=1", "b=2"] }],
])("%s is read and written", (query, search) => {
  expect(parseSearch(query)).toEqual(search);
  expect(stringifySearch(search)).toBe(query);
});

test("what is absent leaves no trace", () => {
  expect(stringifySearch({ source: undefined, text: "", state: null, value: [] })).toBe("");
});

test("only texts and known words are taken", () => {
  const search = { one: "a", two: ["b", "c"], empty: "", state: "kept", odd: 5 };
  expect(textIn(search, "one")).toBe("a");
  expect(textIn(search, "two")).toBe("b");
  expect(textIn(search, "empty")).toBeUndefined();
  expect(textIn(search, "odd")).toBeUndefined();
  expect(textsIn(search, "two")).toEqual(["b", "c"]);
  expect(textsIn(search, "none")).toBeUndefined();
  expect(wordIn(search, "state", ["kept", "duplicate"])).toBe("kept");
  expect(wordIn(search, "one", ["kept"])).toBeUndefined();
});

test.each([
  ["2026-03-01T10:00:00.000Z", "2026-03-01T10:00:00.000Z"],
  ["2026-03-01", "2026-03-01"],
  ["24h", undefined],
  ["", undefined],
])("%j as a moment is %j", (since, moment) => {
  expect(timeIn({ since }, "since")).toBe(moment);
});
