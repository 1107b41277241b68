// Keeps a list that is shown up to date. Events only say that something happened: then the first
// page is asked for again and merged into what is there, and those rows further down that are in
// sight and may have changed are asked for: by their ids where the hub takes ids, else with the
// pages that they stand on.
//
// There is one of these for each list, that is for each set of filters: what was asked for the list
// before can never land in the one after it. Nothing is merged while a further page is on its way,
// because that page brings the rows above it along, as they were when it was asked for.
import { throttled } from "../api/throttle";
import type { Page } from "../api/types";
import { type Mark, markAbove, mergeHead, reread, updateRows } from "./merge";

/** A list is looked at again this often at most: a busy hub has many events in a second. */
export const PAUSE_MILLISECONDS = 2000;
/** So many rows in sight are asked for at once; a screen has fewer. */
const MOST_ROWS_AT_ONCE = 100;
/** So many pages are read again at once: rows in sight stand on one or two, unless many new ones
 *  have come in above them. */
const MOST_PAGES_AT_ONCE = 6;

export interface Followed<Row> {
  idOf: (row: Row) => string;
  fetchPage: (cursor: string | null, signal: AbortSignal) => Promise<Page<Row>>;
  /** Those of these rows that are still in the list, as they are now; without it, whole pages are
   *  read again. */
  fetchRows?: (ids: string[], signal: AbortSignal) => Promise<Row[]>;
  /** What is loaded; undefined before the first page. */
  read: () => Page<Row>[] | undefined;
  write: (pages: Page<Row>[]) => void;
  /** Whether a page is on its way. */
  isFetching: () => boolean;
  isAtTop: () => boolean;
  /** The rows that the reader sees. */
  inSight: () => string[];
  /** New rows wait to be shown. */
  hold: (count: number) => void;
}

export interface Following {
  /** Something happened to these rows; to any, where it is not known. */
  happened: (ids: string[] | "any") => void;
  /** The reader sees other rows than before. */
  moved: () => void;
  /** No page is on its way any more. */
  arrived: () => void;
  /** Shows what waits, wherever the reader is. */
  showNew: () => Promise<void>;
  stop: () => void;
}

export function follow<Row>(followed: Followed<Row>): Following {
  const ending = new AbortController();
  /** Rows that may be other than they are shown. */
  const old = new Set<string>();
  /** Whether any row below the head may be. */
  let isOldBelow = false;
  /** Where the list goes on below the head that was seen last. */
  let belowHead: Mark | null = null;
  /** Whether there is something to look at once a page has arrived. */
  let isPutOff = false;

  const mayPut = () => {
    if (followed.isFetching()) {
      isPutOff = true;
      return false;
    }
    return !ending.signal.aborted;
  };
  const lookAtHead = async (anywhere: boolean) => {
    const { fetchPage, read, write, idOf, hold } = followed;
    if (!mayPut()) {
      return;
    }
    const wasOldBelow = isOldBelow;
    const head = await fetchPage(null, ending.signal);
    const pages = read();
    if (!mayPut() || pages === undefined) {
      return;
    }
    const insert = anywhere || followed.isAtTop();
    const merged = mergeHead(pages, head, { idOf, insert, isOldBelow: wasOldBelow });
    write(merged.pages);
    hold(merged.held);
    for (const row of head.items) {
      old.delete(idOf(row));
    }
    const last = head.items.at(-1);
    belowHead =
      head.next === null || last === undefined ? null : { cursor: head.next, after: idOf(last) };
    if (insert) {
      isOldBelow = false;
    }
  };
  const oldInSight = () =>
    followed
      .inSight()
      .filter((id) => old.has(id))
      .slice(0, MOST_ROWS_AT_ONCE);
  const lookByIds = async (asked: string[], fetchRows: NonNullable<Followed<Row>["fetchRows"]>) => {
    const found = await fetchRows(asked, ending.signal);
    const pages = followed.read();
    if (!mayPut() || pages === undefined) {
      return;
    }
    followed.write(updateRows(pages, asked, found, followed.idOf));
    for (const id of asked) {
      old.delete(id);
    }
  };
  const lookAtPages = async () => {
    const { fetchPage, read, write, idOf } = followed;
    const marks = belowHead === null ? [] : [belowHead];
    for (let times = 0; times < MOST_PAGES_AT_ONCE; times += 1) {
      const [first] = oldInSight();
      const mark = first === undefined ? null : markAbove(read() ?? [], marks, first, idOf);
      if (mark === null) {
        return;
      }
      const fresh = await fetchPage(mark.cursor, ending.signal);
      const pages = read();
      if (!mayPut() || pages === undefined) {
        return;
      }
      const { pages: merged, seen } = reread(pages, mark, fresh, idOf);
      write(merged);
      for (const id of seen) {
        old.delete(id);
      }
      const last = fresh.items.at(-1);
      if (fresh.next === null || last === undefined) {
        return;
      }
      marks.push({ cursor: fresh.next, after: idOf(last) });
    }
  };
  const lookAtRows = async () => {
    const asked = oldInSight();
    if (asked.length === 0 || !mayPut()) {
      return;
    }
    const { fetchRows } = followed;
    await (fetchRows === undefined ? lookAtPages() : lookByIds(asked, fetchRows));
  };
  const looking = throttled(async () => {
    await lookAtHead(false);
    await lookAtRows();
  }, PAUSE_MILLISECONDS);

  return {
    happened: (ids) => {
      const loaded = (followed.read() ?? []).flatMap(({ items }) => items.map(followed.idOf));
      isOldBelow ||= ids === "any";
      const happenedTo = ids === "any" ? null : new Set(ids);
      for (const id of loaded) {
        if (happenedTo?.has(id) !== false) {
          old.add(id);
        }
      }
      looking.ask();
    },
    moved: () => {
      if (old.size > 0 && oldInSight().length > 0) {
        looking.ask();
      }
    },
    arrived: () => {
      if (isPutOff) {
        isPutOff = false;
        looking.ask();
      }
    },
    showNew: () => lookAtHead(true),
    stop: () => {
      ending.abort();
      looking.stop();
    },
  };
}
