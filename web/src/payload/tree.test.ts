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

test("doubled members are told apart", () => {
  const ids = linesOf(tree, () => true).map(({ node }) => node.id);
  expect(new Set(ids).size).toBe(ids.length);
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
