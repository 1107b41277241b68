import { expect, test } from "vitest";
import { parseJson } from "../payload/json";
import { type AnswerLine, answeredLines, linesOf } from "./lines";

const VALUES = parseJson(`{
  "name": "Amina",
  "sick": null,
  "place": {"where": {"type": "Point", "coordinates": [1, 2]}, "note": null},
  "empty": {"a": null, "b": []},
  "children": [{"age": 1, "name": null}, {"age": null}],
  "last": 3.10
}`);

const told = (lines: AnswerLine[]) =>
  lines.map((line) => {
    const name = line.kind === "entry" ? `#${line.number}` : line.name;
    return `${"  ".repeat(line.level)}${name}${line.kind === "answer" ? ` ${line.path}` : ""}`;
  });

test("lines stand in the order of the form, groups above what they hold", () => {
  expect(told(linesOf(VALUES))).toEqual([
    "name name",
    "sick sick",
    "place",
    "  where place.where",
    "  note place.note",
    "empty",
    "  a empty.a",
    "  b empty.b",
    "children",
    "  #1",
    "    age children.age",
    "    name children.name",
    "  #2",
    "    age children.age",
    "last last",
  ]);
});

test("what was not answered goes, with the groups that it leaves empty", () => {
  expect(told(answeredLines(linesOf(VALUES)))).toEqual([
    "name name",
    "place",
    "  where place.where",
    "children",
    "  #1",
    "    age children.age",
    "last last",
  ]);
});

test("filters look into groups, and not into repeats", () => {
  const found = linesOf(VALUES).filter((line) => line.kind === "answer");
  expect(found.filter(({ inRepeat }) => inRepeat).map(({ path }) => path)).toEqual([
    "children.age",
    "children.name",
    "children.age",
  ]);
});

test("nothing has no lines", () => {
  expect(linesOf(null)).toEqual([]);
});
