import { expect, test } from "vitest";
import { MOST_LIVE_ROWS, markAbove, mergeHead, reread, updateRows } from "./merge";

interface Row {
  id: string;
  state: string;
}

const row = (text: string): Row => ({ id: text.charAt(0), state: text.slice(1) });
const page = (items: string, next: string | null = "more") => ({
  items: items.split(" ").filter(Boolean).map(row),
  next,
});
const written = (pages: { items: Row[] }[]) =>
  pages.map(({ items }) => items.map(({ id, state }) => id + state).join(" "));
const idOf = (each: Row) => each.id;

test.each([
  ["new rows stand on top", ["c b", "a"], page("e d c b"), ["e d c b", "a"]],
  ["rows that changed are changed", ["c b", "a"], page("c2 b"), ["c2 b", "a"]],
  ["rows that no longer belong are gone", ["d c b", "a"], page("d b"), ["d b", "a"]],
  ["rows below the head stay", ["d c b", "a"], page("e d"), ["e d c b", "a"]],
  ["a head without a known row begins anew", ["c b", "a"], page("g f e"), ["g f e"]],
  ["a head that is all there is is taken whole", ["c b", "a"], page("d c", null), ["d c"]],
  ["an emptied list is empty", ["c b"], page("", null), [""]],
  ["a search that found nothing yet takes nothing away", ["c b", "a"], page(""), ["c b", "a"]],
  ["an empty list is filled", [""], page("b a"), ["b a"]],
])("%s", (_, loaded, head, expected) => {
  const pages = loaded.map((items) => page(items));
  expect(written(mergeHead(pages, head, { idOf, insert: true }).pages)).toEqual(expected);
});

test.each([
  [
    "new rows are counted, changed ones are shown",
    ["c b", "a"],
    page("e d c2 b"),
    ["c2 b", "a"],
    2,
  ],
  ["a head far away is counted", ["c b"], page("g f e"), ["c b"], 3],
  ["nothing new", ["c b"], page("c b"), ["c b"], 0],
])("for a reader in the middle: %s", (_, loaded, head, expected, held) => {
  const pages = loaded.map((items) => page(items));
  const merged = mergeHead(pages, head, { idOf, insert: false });
  expect(written(merged.pages)).toEqual(expected);
  expect(merged.held).toBe(held);
});

test.each([
  [MOST_LIVE_ROWS - 1, MOST_LIVE_ROWS],
  [MOST_LIVE_ROWS, 2],
])("a list of %i rows that a row is added to keeps %i", (count, kept) => {
  const numbered = (from: number, to: number) => ({
    items: Array.from({ length: from - to }, (_, index) => ({
      id: String(from - index),
      state: "",
    })),
    next: "more",
  });
  const head = numbered(count + 1, count - 1);
  const merged = mergeHead([numbered(count, 0)], head, { idOf, insert: true });
  expect(merged.pages.flatMap(({ items }) => items)).toHaveLength(kept);
  // In the middle nothing is let go: the reader looks at it.
  const held = mergeHead([numbered(count, 0)], head, { idOf, insert: false });
  expect(held.pages.flatMap(({ items }) => items)).toHaveLength(count);
});

test("what is old below the head is let go at the top, and stays for a reader in the middle", () => {
  const pages = [page("c b"), page("a")];
  const merged = (insert: boolean) =>
    written(mergeHead(pages, page("d c"), { idOf, insert, isOldBelow: true }).pages);
  expect(merged(true)).toEqual(["d c"]);
  expect(merged(false)).toEqual(["c b", "a"]);
});

test.each([
  ["a row that changed is replaced in its place", ["b"], "b9", ["c b9", "a"]],
  ["a row that no longer fits is gone", ["b", "a"], "a2", ["c", "a2"]],
  ["rows that were not asked for stay", [], "", ["c b", "a"]],
])("%s", (_, asked, found, expected) => {
  const rows = page(found).items;
  expect(written(updateRows([page("c b"), page("a")], asked, rows, idOf))).toEqual(expected);
});

const MARK = { cursor: "below b", after: "b" };

test.each([
  ["on the first page", "d", null],
  ["below a mark", "a", MARK],
  ["where a page begins", "8", { cursor: "below a", after: "a" }],
  ["in the last page", "7", { cursor: "below 8", after: "8" }],
  ["of no list", "z", null],
])("a row %s is read again from the nearest place above it", (_, id, mark) => {
  const pages = [page("d c b a", "below a"), page("9 8", "below 8"), page("7", null)];
  expect(markAbove(pages, [MARK], id, idOf)).toEqual(mark);
});

test.each([
  ["rows that changed are changed", page("a2 92 82"), ["d c b a2", "92 82"], ["a", "9", "8"]],
  ["rows that are gone are gone", page("a 8"), ["d c b a", "8"], ["a", "9", "8"]],
  ["what lies below what was read stays", page("a2"), ["d c b a2", "9 8"], ["a"]],
  ["at the end of the list nothing is below", page("a2", null), ["d c b a2", ""], ["a", "9", "8"]],
  ["a search that found nothing yet tells nothing", page(""), ["d c b a", "9 8"], []],
])("read again below a mark, %s", (_, fresh, expected, seen) => {
  const merged = reread([page("d c b a"), page("9 8")], MARK, fresh, idOf);
  expect(written(merged.pages)).toEqual(expected);
  expect(merged.seen).toEqual(seen);
});
