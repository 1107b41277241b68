import { expect, test } from "vitest";
import { type LinePair, pairsOf, withGaps } from "./beside";

const told = ({ before, after, same }: LinePair) =>
  `${before === null ? "·" : `${before.number}${before.text}`}${same ? "=" : "|"}${after === null ? "·" : `${after.number}${after.text}`}`;

test.each([
  ["", "", ["1=1"]],
  ["a", "a", ["1a=1a"]],
  ["a", "b", ["1a|1b"]],
  ["a\nb\nc", "a\nx\nc", ["1a=1a", "2b|2x", "3c=3c"]],
  ["a\nc", "a\nb\nc", ["1a=1a", "·|2b", "2c=3c"]],
  ["a\nb\nc", "a\nc", ["1a=1a", "2b|·", "3c=2c"]],
  // What stands in both stays beside itself, whatever is around it.
  ["a\nkept\nb", "x\ny\nkept\nz", ["1a|1x", "·|2y", "2kept=3kept", "3b|4z"]],
  ["a\na", "a", ["1a=1a", "2a|·"]],
])("%j beside %j", (before, after, rows) => {
  expect(pairsOf(before, after).map(told)).toEqual(rows);
});

test("every line of both stands there once, in its order", () => {
  const before = "{\na\nb\nc\nd\ne\n}";
  const after = "{\nb\na\nd\nc\nf\ne\n}";
  const pairs = pairsOf(before, after);
  expect(pairs.flatMap((pair) => pair.before?.text ?? []).join("\n")).toBe(before);
  expect(pairs.flatMap((pair) => pair.after?.text ?? []).join("\n")).toBe(after);
  expect(pairs.every((pair) => !pair.same || pair.before?.text === pair.after?.text)).toBe(true);
});

test("what cannot be matched in a reasonable time is told as other", () => {
  const many = (mark: string) => Array.from({ length: 2100 }, (_, at) => `${mark}${at}`).join("\n");
  const pairs = pairsOf(`first\n${many("a")}\nlast`, `first\n${many("b")}\nlast`);
  expect(pairs).toHaveLength(2102);
  expect(pairs.filter(({ same }) => same)).toHaveLength(2);
});

test("equal lines far from what differs are folded away", () => {
  const lines = Array.from({ length: 20 }, (_, at) => `${at}`);
  const changed = lines.with(10, "other");
  const rows = withGaps(pairsOf(lines.join("\n"), changed.join("\n")));
  expect(rows.map((row) => ("gap" in row ? `gap ${row.gap}` : told(row)))).toEqual([
    "gap 7",
    "87=87",
    "98=98",
    "109=109",
    "1110|11other",
    "1211=1211",
    "1312=1312",
    "1413=1413",
    "gap 6",
  ]);
  expect(withGaps(pairsOf("a\nb", "a\nb"))).toEqual([{ gap: 2 }]);
});
