import { expect, test } from "vitest";
import { type Column, onlyLooks, shownColumns, toggledColumn } from "./columns";

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
