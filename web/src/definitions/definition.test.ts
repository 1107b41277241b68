import { expect, test } from "vitest";
import { parseJson } from "../payload/json";
import { PLACEHOLDER, readDefinition, valueAt, withValue, writeDefinition } from "./definition";

const read = (text: string) => readDefinition(parseJson(text));

test.each([
  '{"to":"warehouse","match":{"id":12345678901234567890.10,"n":1.0},"retry":{"factor":1.5}}',
  '{"auth":{"bearer":"•••••••"},"url":"https://a.example","notify":["a@b.example",{"url":"x"}]}',
  '{"unless":[1e400,null,true],"paused":false}',
  '{"trigger":{"source":"kobo","match":{"n":1.0}},"concurrency":4}',
])("%s comes back as it was", (text) => {
  expect(writeDefinition(read(text))).toBe(text);
});

test("a filter can be read and changed by people", () => {
  expect(valueAt(read('{"match":{"a":[1.0,{}],"b":{"c":"d"}}}'), "match")).toEqual({
    text: '{\n  "a": [\n    1.0,\n    {}\n  ],\n  "b": {\n    "c": "d"\n  }\n}',
  });
});

test.each([
  ["{}", "auth.basic.username", "ann", '{"auth":{"basic":{"username":"ann"}}}'],
  // What was chosen stays chosen.
  ['{"auth":{"basic":{"username":"ann"}}}', "auth.basic.username", "", '{"auth":{"basic":{}}}'],
  ['{"auth":{"bearer":"x"},"url":"y"}', "auth", undefined, '{"url":"y"}'],
  [
    '{"tls":{"ca":"x","skip_verification":true}}',
    "tls.ca",
    undefined,
    '{"tls":{"skip_verification":true}}',
  ],
  ['{"auth":"none"}', "auth.bearer", PLACEHOLDER, '{"auth":{"bearer":"•••••••"}}'],
])("%s with %s = %j", (before, path, value, after) => {
  expect(writeDefinition(withValue(read(before), path, value))).toBe(after);
});
