// Two texts line by line, so that what is the same stands side by side and what differs is seen.
// Pure.

/** A line of each text, with its number from 1; null where only the other one has it. */
export interface LinePair {
  before: { number: number; text: string } | null;
  after: { number: number; text: string } | null;
  same: boolean;
}

/** A stretch of lines that are the same, folded away. */
export interface Gap {
  gap: number;
}

/** Lines that differ are matched with each other as long as this many pairs have to be looked at;
 *  beyond that all of them count as others. */
const MOST_PAIRS = 4_000_000;

export function pairsOf(before: string, after: string): LinePair[] {
  const old = before.split("\n");
  const fresh = after.split("\n");
  let head = 0;
  while (head < Math.min(old.length, fresh.length) && old[head] === fresh[head]) {
    head += 1;
  }
  let foot = 0;
  const most = Math.min(old.length, fresh.length) - head;
  while (foot < most && old[old.length - 1 - foot] === fresh[fresh.length - 1 - foot]) {
    foot += 1;
  }
  const kept = keptLines(
    old.slice(head, old.length - foot),
    fresh.slice(head, fresh.length - foot),
  );
  const pairs = new Pairs(old, fresh);
  pairs.sameUntil(head, head);
  for (const [one, other] of kept) {
    pairs.otherUntil(head + one, head + other);
    pairs.sameUntil(head + one + 1, head + other + 1);
  }
  pairs.otherUntil(old.length - foot, fresh.length - foot);
  pairs.sameUntil(old.length, fresh.length);
  return pairs.made;
}

class Pairs {
  readonly made: LinePair[] = [];
  private one = 0;
  private other = 0;

  constructor(
    private readonly old: string[],
    private readonly fresh: string[],
  ) {}

  sameUntil(one: number, other: number): void {
    while (this.one < one && this.other < other) {
      this.made.push({ before: this.oldLine(), after: this.freshLine(), same: true });
    }
  }

  /** What differs stands side by side as far as both have lines. */
  otherUntil(one: number, other: number): void {
    while (this.one < one || this.other < other) {
      const before = this.one < one ? this.oldLine() : null;
      const after = this.other < other ? this.freshLine() : null;
      this.made.push({ before, after, same: false });
    }
  }

  private oldLine() {
    this.one += 1;
    return { number: this.one, text: this.old[this.one - 1] ?? "" };
  }

  private freshLine() {
    this.other += 1;
    return { number: this.other, text: this.fresh[this.other - 1] ?? "" };
  }
}

/** The longest row of lines that both have in the same order, as places in each. */
function keptLines(old: string[], fresh: string[]): [number, number][] {
  const width = fresh.length + 1;
  if (old.length * fresh.length > MOST_PAIRS) {
    return [];
  }
  // How many lines are kept from a place of each to the ends.
  const kept = new Uint32Array((old.length + 1) * width);
  const at = (one: number, other: number) => kept[one * width + other] ?? 0;
  for (let one = old.length - 1; one >= 0; one -= 1) {
    for (let other = fresh.length - 1; other >= 0; other -= 1) {
      kept[one * width + other] =
        old[one] === fresh[other]
          ? at(one + 1, other + 1) + 1
          : Math.max(at(one + 1, other), at(one, other + 1));
    }
  }
  const found: [number, number][] = [];
  let one = 0;
  let other = 0;
  while (one < old.length && other < fresh.length) {
    if (old[one] === fresh[other]) {
      found.push([one, other]);
      one += 1;
      other += 1;
    } else if (at(one + 1, other) >= at(one, other + 1)) {
      one += 1;
    } else {
      other += 1;
    }
  }
  return found;
}

/** Lines that stay in sight around what differs. */
const AROUND = 3;

/** The pairs with long stretches of equal lines folded away. */
export function withGaps(pairs: LinePair[]): (LinePair | Gap)[] {
  const shown = new Set<number>();
  pairs.forEach(({ same }, index) => {
    if (!same) {
      for (let near = index - AROUND; near <= index + AROUND; near += 1) {
        shown.add(near);
      }
    }
  });
  const rows: (LinePair | Gap)[] = [];
  let gap = 0;
  const close = () => {
    if (gap > 0) {
      rows.push({ gap });
      gap = 0;
    }
  };
  pairs.forEach((pair, index) => {
    if (shown.has(index)) {
      close();
      rows.push(pair);
    } else {
      gap += 1;
    }
  });
  close();
  return rows;
}
