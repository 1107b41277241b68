import { expect, test } from "vitest";
import { parseJson } from "../payload/json";
import { PLACEHOLDER, readDefinition, valueAt, withValue, writeDefinition } from "./definition";

const read = (text: string) => readDefinition(parseJson(text));

test.each([
  '{"to":"warehouse","match":{"id":12345678901234567890.10,"n":1.0},"retry":{"factor":1.5}}',
  '{"auth":{"bearer":"•••••••"},"url":"https://a.example","notify":["a@b.example",{"url":"x"}]}',
  '{"unless":[1e400,null,true],"paused":false}',
  '{"trigger":{"source":"kobo","match":{"n":1.0}},"concurrency":4}',
  '{"fields":[{"items":[{"id":"a","attributes":{"n":1.0,"m":12345678901234567890}},"b"]}]}',
  '{"lifecycle":{"functions":{"_receiver":null},"statuses":{"b":{},"10":{},"2":{}}}}',
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

test.each([
  [
    '{"fields":[{"name":"a"},{"name":"b"}]}',
    "fields[1].label",
    "B",
    '{"fields":[{"name":"a"},{"name":"b","label":"B"}]}',
  ],
  ['{"fields":[{"name":"a","label":"A"}]}', "fields[0].label", "", '{"fields":[{"name":"a"}]}'],
  [
    '{"fields":[{"fields":[{"name":"a"}]}]}',
    "fields[0].fields[0].type",
    "map",
    '{"fields":[{"fields":[{"name":"a","type":"map"}]}]}',
  ],
  ['{"fields":[{"name":"a"},{"name":"b"}]}', "fields[0]", undefined, '{"fields":[{"name":"b"}]}'],
  [
    '{"statuses":{"10":{},"2":{}}}',
    "statuses.2.name",
    "Two",
    '{"statuses":{"10":{},"2":{"name":"Two"}}}',
  ],
])("%s with another %s", (text, path, value, expected) => {
  const before = read(text);
  expect(writeDefinition(withValue(before, path, value))).toBe(expected);
  expect(writeDefinition(before)).toBe(text);
});

test("what is no list has nothing at a place", () => {
  expect(valueAt(read('{"fields":{"0":"a"}}'), "fields[0]")).toBeUndefined();
  expect(valueAt(read('{"fields":["a"]}'), "fields.0")).toBeUndefined();
});
