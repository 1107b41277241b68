import { expect, test } from "vitest";
import { JsonMistake, MOST_LEVELS, parseJson, writeJson } from "./json";

test.each([
  ["{}", "{}"],
  [" [ ] ", "[]"],
  ['{"a": 1, "b": [true, false, null]}', '{"a":1,"b":[true,false,null]}'],
  // Numbers keep every digit, whatever their size.
  ["12345678901234567890.12345678901234567890", "12345678901234567890.12345678901234567890"],
  ["[1.0, 1e400, -0, 0.10]", "[1.0,1e400,-0,0.10]"],
  // Doubled members are all there, in their order.
  ['{"b":1,"a":2,"b":3}', '{"b":1,"a":2,"b":3}'],
  ['"\\u00e9\\n<script>"', '"é\\n<script>"'],
  ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
])("%s is read as it was sent", (text, expected) => {
  expect(writeJson(parseJson(text))).toBe(expected);
});

test.each([
  "",
  "{",
  "[1,]",
  "{a:1}",
  '{"a" 1}',
  "01",
  "1 2",
  "tru",
  '"a',
  '"\n"',
  '"\\x"',
  "[1}",
  "NaN",
  "+1",
  ".5",
])("%j is no JSON", (text) => {
  expect(() => parseJson(text)).toThrow(JsonMistake);
});

test("depth has a bound", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  expect(() => parseJson(nested(MOST_LEVELS))).not.toThrow();
  expect(() => parseJson(nested(MOST_LEVELS + 2))).toThrow("no JSON (levels)");
});

test("a mistake says where it is", () => {
  expect(() => parseJson('{"a":,}')).toThrow("no JSON (value) at character 6");
});
