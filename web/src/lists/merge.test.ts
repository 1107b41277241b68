import { expect, test } from "vitest";
import { mergeHead, replaceRow } from "./merge";

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

test("one row is replaced in its place", () => {
  expect(written(replaceRow([page("c b"), page("a")], row("b9"), idOf))).toEqual(["c b9", "a"]);
});
