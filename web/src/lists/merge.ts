// What is new at the head of a list, brought into the pages that are loaded already. Pure.
//
// A list is in order, newest first, so its first page is the truth about everything down to that
// page's last item: what stands above it here and not there no longer belongs to the list.
import type { Page } from "../api/types";

/** A list that lives at its head keeps so many rows at the most; what was further down is asked for
 *  again when somebody goes there. */
export const MOST_LIVE_ROWS = 500;

export interface Merged<Row> {
  pages: Page<Row>[];
  /** New rows that were held back, because the reader is in the middle of the list. */
  held: number;
}

interface MergeOptions<Row> {
  idOf: (row: Row) => string;
  /** Whether new rows may move those that the reader looks at. */
  insert: boolean;
  /** Whether what is loaded below the head is known to be old; with `insert` it is let go. */
  isOldBelow?: boolean;
}

export function mergeHead<Row>(
  pages: Page<Row>[],
  head: Page<Row>,
  options: MergeOptions<Row>,
): Merged<Row> {
  const { idOf, insert, isOldBelow = false } = options;
  const loaded = pages.flatMap((page) => page.items);
  const known = new Set(loaded.map(idOf));
  const fresh = head.items.filter((row) => !known.has(idOf(row)));
  const overlaps = fresh.length < head.items.length;
  if (head.items.length === 0 && head.next !== null) {
    // A search that found nothing yet: it says nothing of the rows that are here.
    return { pages, held: 0 };
  }
  if (loaded.length === 0 || head.next === null || !overlaps) {
    // Nothing to keep: the list was empty, fits on its first page, or has moved past all of it.
    return insert || loaded.length === 0
      ? { pages: [head], held: 0 }
      : { pages, held: fresh.length };
  }
  if (insert && (isOldBelow || loaded.length + fresh.length > MOST_LIVE_ROWS)) {
    return { pages: [head], held: 0 };
  }

  const newest = new Map(head.items.map((row) => [idOf(row), row]));
  const lastId = idOf(head.items.at(-1) as Row);
  const covered = known.has(lastId) ? loaded.findIndex((row) => idOf(row) === lastId) : -1;
  const gone = new Set(
    loaded
      .slice(0, covered + 1)
      .map(idOf)
      .filter((id) => !newest.has(id)),
  );
  const merged = withRows(pages, gone, newest, idOf);
  const [first, ...rest] = merged;
  if (!insert || first === undefined) {
    return { pages: merged, held: fresh.length };
  }
  return { pages: [{ ...first, items: [...fresh, ...first.items] }, ...rest], held: 0 };
}

/** Puts rows that were asked for by their ids in the place of their older selves; those that were
 *  not found no longer belong to the list. */
export function updateRows<Row>(
  pages: Page<Row>[],
  asked: readonly string[],
  found: Row[],
  idOf: (row: Row) => string,
): Page<Row>[] {
  const newest = new Map(found.map((row) => [idOf(row), row]));
  const gone = new Set(asked.filter((id) => !newest.has(id)));
  return withRows(pages, gone, newest, idOf);
}

/** A cursor, and the row that stands right above what it leads to. */
export interface Mark {
  cursor: string;
  after: string;
}

/** The nearest place above a row from which the list can be read again: where a page begins, or one
 *  of the marks. Null for what stands above all of them. */
export function markAbove<Row>(
  pages: readonly Page<Row>[],
  marks: readonly Mark[],
  id: string,
  idOf: (row: Row) => string,
): Mark | null {
  const ids = pages.flatMap(({ items }) => items.map(idOf));
  const begins = pages.flatMap(({ items, next }) => {
    const last = items.at(-1);
    return last === undefined || next === null ? [] : [{ cursor: next, after: idOf(last) }];
  });
  const place = ids.indexOf(id);
  const above = [...begins, ...marks]
    .map((mark) => ({ mark, at: ids.indexOf(mark.after) }))
    .filter(({ at }) => at >= 0 && at < place);
  return above.sort((one, other) => other.at - one.at)[0]?.mark ?? null;
}

/** Puts what was read again below a mark in the place of its older self. What stood there down to
 *  where the new rows end, and does so no more, no longer belongs to the list. */
export function reread<Row>(
  pages: Page<Row>[],
  mark: Mark,
  fresh: Page<Row>,
  idOf: (row: Row) => string,
): { pages: Page<Row>[]; seen: string[] } {
  const ids = pages.flatMap(({ items }) => items.map(idOf));
  const below = ids.slice(ids.indexOf(mark.after) + 1);
  const newest = new Map(fresh.items.map((row) => [idOf(row), row]));
  const end = fresh.next === null ? below.length : below.findLastIndex((id) => newest.has(id)) + 1;
  const seen = below.slice(0, end);
  const gone = new Set(seen.filter((id) => !newest.has(id)));
  return { pages: withRows(pages, gone, newest, idOf), seen };
}

function withRows<Row>(
  pages: Page<Row>[],
  gone: ReadonlySet<string>,
  newest: ReadonlyMap<string, Row>,
  idOf: (row: Row) => string,
): Page<Row>[] {
  return pages.map((page) => ({
    ...page,
    items: page.items
      .filter((row) => !gone.has(idOf(row)))
      .map((row) => newest.get(idOf(row)) ?? row),
  }));
}
