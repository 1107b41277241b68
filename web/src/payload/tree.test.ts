import { expect, test } from "vitest";
import { parseJson } from "./json";
import { pathOf } from "./path";
import { linesOf, searched, treeOfJson } from "./tree";

const tree = treeOfJson(
  parseJson('{"name":"Amina","children":[{"age":4},{"age":1}],"name":"again"}'),
);

test("only what is open has lines", () => {
  const drawn = (levels: number) =>
    linesOf(tree, (_, depth) => depth < levels).map(({ node, depth }) => `${depth} ${node.name}`);
  expect(drawn(0)).toEqual(["0 null"]);
  expect(drawn(1)).toEqual(["0 null", "1 name", "1 children", "1 name"]);
  expect(drawn(3)).toHaveLength(8);
});

test("doubled members are told apart, with all that is below them", () => {
  const doubled = treeOfJson(parseJson('{"a":{"x":[1]},"a":{"x":[2]},"a":3}'));
  for (const each of [tree, doubled]) {
    const ids = linesOf(each, () => true).map(({ node }) => node.id);
    expect(new Set(ids).size).toBe(ids.length);
  }
});

test("lines know their place among those beside them", () => {
  const places = linesOf(tree, (_, depth) => depth < 2).map(
    ({ node, place, among }) => `${node.name} ${place}/${among}`,
  );
  expect(places).toEqual(["null 1/1", "name 1/3", "children 2/3", "0 1/2", "1 2/2", "name 3/3"]);
});

test.each([
  ["amina", ['/"name"']],
  ["AGE", ['/"children"/[0]/"age"', '/"children"/[1]/"age"']],
  ["nothing of the kind", []],
  ["", []],
])("searching for %j", (text, found) => {
  expect(searched(tree, text).found).toEqual(found);
});

test("what is found is unfolded", () => {
  const { open } = searched(tree, "age");
  expect(linesOf(tree, (node) => open.has(node.id)).map(({ node }) => node.name)).toContain("age");
});

test.each([
  [[], ""],
  [["body", "case_id"], "body.case_id"],
  [["children", 1, "age"], "children[].age"],
  [["group1/age"], "group1/age"],
  [["a b", "c.d", ""], '"a b"."c.d".""'],
])("%j is written %s", (steps, expected) => {
  expect(pathOf(steps)).toBe(expected);
});
