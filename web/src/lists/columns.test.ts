import { expect, test } from "vitest";
import {
  type Column,
  leastWidth,
  onlyLooks,
  shownColumns,
  sortedBy,
  sortPressed,
  toggledColumn,
} from "./columns";

const column = (key: string, hidden = false): Column<unknown> => ({
  key,
  title: key,
  width: "1fr",
  hidden,
  cell: () => null,
});
const columns = [column("time"), column("source"), column("bytes", true)];

test.each([
  [undefined, "time source"],
  ["bytes,time", "time bytes"],
  ["nothing", "time source"],
  ["", "time source"],
])("chosen %j shows %s", (chosen, expected) => {
  expect(
    shownColumns(columns, chosen)
      .map(({ key }) => key)
      .join(" "),
  ).toBe(expected);
});

test.each([
  [undefined, "bytes", "time,source,bytes"],
  ["time,source,bytes", "bytes", undefined],
  [undefined, "source", "time"],
  ["time", "time", "time"],
])("from %j, turning %s gives %j", (chosen, key, expected) => {
  expect(toggledColumn(columns, chosen, key)).toBe(expected);
});

test.each([
  [{ columns: "time" }, true],
  [{ entry: undefined }, true],
  [{ state: "kept" }, false],
  [{ columns: "time", state: undefined }, false],
])("%j is a matter of looks: %s", (changed, expected) => {
  expect(onlyLooks(changed)).toBe(expected);
});

const made = {
  key: "made",
  title: "Made",
  width: "1fr",
  cell: () => null,
  sorts: { descending: "newest", ascending: "oldest" },
};
const next = { ...made, key: "next", sorts: { ascending: "soon", descending: "late" } };
const one = { ...made, key: "one", sorts: { ascending: "soon" } };
const plain = { key: "plain", title: "Plain", width: "1fr", cell: () => null };

test.each([
  [made, "newest", "descending", "oldest"],
  [made, "oldest", "ascending", "newest"],
  [made, "soon", undefined, "newest"],
  [next, "newest", undefined, "soon"],
  [next, "soon", "ascending", "late"],
  [next, "late", "descending", "soon"],
  [one, "soon", "ascending", "soon"],
  [plain, "newest", undefined, undefined],
])("a title of %o under %s", (column, sort, direction, pressed) => {
  expect(sortedBy(column, sort)).toBe(direction);
  expect(sortPressed(column, sort)).toBe(pressed);
});

test("rows are as wide as their columns at the least", () => {
  expect(leastWidth(["112px", "minmax(96px, 1fr)", "1fr"])).toBe(112 + 96 + 2 * 12 + 2 * 8);
});
