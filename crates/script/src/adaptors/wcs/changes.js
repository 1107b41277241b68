// How records are pulled without missing one. Lists are given in pages by offset, which shift when
// records come or go meanwhile; and the filter by time knows whole minutes of the site's own clock.

/** How many records a cursor remembers at most. More than so many are given again. */
const remembered = 1_000;

const minuteOf = (time) => time.slice(0, 16);
const markOf = ({ id, last_update_time: time }) => `${id}@${time}`;
const newestOf = (rows) => rows.map((row) => row.last_update_time ?? "").reduce((a, b) => (a > b ? a : b), "");

/** How far a pull has come: a minute, and the records that were seen in it or after it. */
export class Cursor {
  #since;
  #seen;

  constructor(from) {
    const { since, seen = [] } = typeof from === "string" ? { since: from } : (from ?? {});
    this.#since = since ? minuteOf(since) : "";
    this.#seen = new Set(seen);
  }

  /** The filter that asks for what has changed since. */
  filter() {
    if (!this.#since) return {};
    return { "filter-start-mtime": "on", "filter-start-mtime-value": this.#since.replace("T", " ") };
  }

  /** The records that were not given before. */
  unseen(rows) {
    return rows.filter((row) => !this.#seen.has(markOf(row)));
  }

  /** Where the next pull begins: at the newest of what the first look has shown. */
  after(first, rows) {
    const newest = minuteOf(newestOf(first));
    const since = newest > this.#since ? newest : this.#since;
    const again = rows.filter(({ last_update_time: time }) => time && minuteOf(time) >= since);
    return { since, seen: again.slice(-remembered).map(markOf) };
  }
}

/**
 * All rows of a list. Each page begins with the last row of the page before: where it does not, the
 * pages have shifted, and the one before is asked for anew.
 */
export async function everyRow(limit, fetch) {
  const rows = new Map();
  let offset = 0;
  let last;
  let first;
  for (;;) {
    const { answer, rows: page } = await fetch(offset);
    first ??= page;
    for (const row of page) rows.set(row.id, row);
    const hasShifted = last !== undefined && !page.some(({ id }) => id === last);
    if (hasShifted) {
      offset = Math.max(0, offset - limit);
      if (offset === 0) last = undefined;
    } else if (page.length < limit) return { answer, first, rows: [...rows.values()] };
    else {
      last = page[page.length - 1].id;
      offset += Math.max(1, page.length - 1);
    }
  }
}
