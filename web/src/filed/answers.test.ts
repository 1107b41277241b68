import { expect, test } from "vitest";
import { parseJson } from "../payload/json";
import { answerAt, pathsOf, type Told, told } from "./answers";
import { namesOf } from "./path";

const at = (json: string, path: string) => told(answerAt(parseJson(json), path));

test.each<[string, Told]>([
  ["null", { kind: "none" }],
  ['"Kibera"', { kind: "text", text: "Kibera" }],
  ["0.10", { kind: "number", text: "0.10" }],
  ["12345678901234567890", { kind: "number", text: "12345678901234567890" }],
  ["true", { kind: "boolean", value: true }],
  ['["a","b"]', { kind: "list", texts: ["a", "b"] }],
  ["[]", { kind: "list", texts: [] }],
  ['{"filename":"a.jpg"}', { kind: "file", name: "a.jpg" }],
  [
    '{"type":"Point","coordinates":[36.82,-1.29,1700],"properties":{"accuracy":4.5}}',
    { kind: "point", latitude: "-1.29", longitude: "36.82", accuracy: "4.5" },
  ],
  ['{"type":"LineString","coordinates":[[1,2],[3,4]]}', { kind: "shape", positions: 2 }],
  ['{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}', { kind: "shape", positions: 3 }],
])("%s is told", (json, expected) => {
  expect(at(`{"group":{"answer":${json}}}`, "group.answer")).toEqual(expected);
});

test("entries of a repeat keep what they say", () => {
  const found = at('{"children":[{"age":1},{"age":2.0}]}', "children");
  expect(found.kind === "entries" && found.items.length).toBe(2);
});

test("what is not there is nothing", () => {
  expect(at('{"a":1}', "a.b")).toEqual({ kind: "none" });
  expect(at('{"a":1}', "b")).toEqual({ kind: "none" });
});

test("names in quotes are one name", () => {
  expect(namesOf('a."b.c"."d\\"e".f')).toEqual(["a", "b.c", 'd"e', "f"]);
  expect(at('{"a.b":{"c":"x"}}', '"a.b".c')).toEqual({ kind: "text", text: "x" });
});

test("the paths of answers go into groups, and not into repeats, places and files", () => {
  const values = parseJson(
    `{"name":"x","head":{"age":1,"where":{"type":"Point","coordinates":[1,2]}},
      "children":[{"a":1}],"photo":{"filename":"p.jpg"},"a.b":1}`,
  );
  expect(pathsOf(values)).toEqual(["name", "head.age", "head.where", "children", "photo", '"a.b"']);
});
