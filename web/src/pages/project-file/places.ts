// Where in the text of a project file a mistake is. The hub names mistakes by the keys that lead
// there (`forwarders.births.to[1]`), those of the writing itself by line and column.

const LINE = /\bline (\d+)\b/;

/** The line, from 1, of a mistake; null where it cannot be told. */
export function lineOfMistake(text: string, path: string, message: string): number | null {
  const written = LINE.exec(message)?.[1];
  if (path === "" && written !== undefined) {
    return Math.min(Number(written), text.split("\n").length);
  }
  return lineOf(text, path);
}

/** Keys and numbers of a path: `a.b[0].c` is a, b, 0, c. */
function stepsOf(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) =>
    index === undefined ? (key ?? "") : Number(index),
  );
}

interface Place {
  line: number;
  indent: number;
}

/** The line of a path, or of as much of it as stands in lines of its own. */
function lineOf(text: string, path: string): number | null {
  const lines = text.split("\n");
  let place: Place = { line: -1, indent: -1 };
  for (const step of stepsOf(path)) {
    const found =
      typeof step === "number" ? nthItem(lines, place, step) : keyed(lines, place, step);
    if (found === null) {
      break;
    }
    place = found;
  }
  return place.line < 0 ? null : place.line + 1;
}

const indentOf = (line: string) => line.length - line.trimStart().length;
const isEmpty = (line: string) => /^\s*(#.*)?$/.test(line);

/** The lines of the block below a place, with their numbers. */
function* blockOf(lines: string[], { line, indent }: Place): Generator<[number, string]> {
  for (let index = line + 1; index < lines.length; index += 1) {
    const each = lines[index] ?? "";
    if (isEmpty(each)) {
      continue;
    }
    // Items of a list may stand as far left as the key that they belong to.
    const below = indentOf(each) > indent || (indentOf(each) === indent && isItem(each));
    if (!below) {
      return;
    }
    yield [index, each];
  }
}

const isItem = (line: string) => /^\s*-(\s|$)/.test(line);

function keyed(lines: string[], place: Place, key: string): Place | null {
  // The first key of an item stands behind its dash.
  const inItem = /^(\s*)-\s+(.*)$/.exec(lines[place.line] ?? "");
  if (inItem !== null && isKey(inItem[2] ?? "", key)) {
    return place;
  }
  let level: number | null = null;
  for (const [line, each] of blockOf(lines, place)) {
    level ??= indentOf(each);
    if (indentOf(each) === level && isKey(each.trimStart(), key)) {
      return { line, indent: level };
    }
  }
  return null;
}

function isKey(text: string, key: string): boolean {
  return [key, `"${key}"`, `'${key}'`].some((written) => text.startsWith(`${written}:`));
}

function nthItem(lines: string[], place: Place, wanted: number): Place | null {
  let level: number | null = null;
  let count = 0;
  for (const [line, each] of blockOf(lines, place)) {
    if (!isItem(each)) {
      continue;
    }
    level ??= indentOf(each);
    if (indentOf(each) !== level) {
      continue;
    }
    if (count === wanted) {
      return { line, indent: level };
    }
    count += 1;
  }
  return null;
}
