// Lists that are written a line each: choices of a field, columns of a table, words to be found by. A line
// that nobody touched is the very element that it was, with whatever else belongs to it. Pure.
import { type Definition, isDefinition, textAt, type Value } from "../../../definitions/definition";

const lineOfItem = (item: Value): string => {
  if (!isDefinition(item)) {
    return String(item ?? "");
  }
  const [id, text] = [textAt(item, "id"), textAt(item, "text")];
  return text === "" || text === id ? id : `${id} | ${text}`;
};

const itemsIn = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);

export const textOfItems = (value: Value | undefined): string =>
  itemsIn(value).map(lineOfItem).join("\n");

/** The choices that lines tell: `id`, or `id | text`. What else a choice has, such as attributes, stays with
 *  its id, or with its line where no line came or went. */
export function itemsOf(text: string, before: Value | undefined): Value[] {
  const old = itemsIn(before);
  const untouched = new Map<string, Value[]>();
  for (const item of old) {
    untouched.set(lineOfItem(item), [...(untouched.get(lineOfItem(item)) ?? []), item]);
  }
  const known = new Map(old.filter(isDefinition).map((item) => [textAt(item, "id"), item]));
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, index) => {
    const same = untouched.get(line)?.shift();
    if (same !== undefined) {
      return same;
    }
    const [id = "", ...words] = line.split("|");
    const there = lines.length === old.length ? old[index] : undefined;
    const origin = known.get(id.trim()) ?? (isDefinition(there) ? there : {});
    return itemOf(id.trim(), words.join("|").trim(), origin);
  });
}

function itemOf(id: string, text: string, { id: _, text: __, ...rest }: Definition): Value {
  const hasText = text !== "" && text !== id;
  return !hasText && Object.keys(rest).length === 0
    ? id
    : { id, ...(hasText ? { text } : {}), ...rest };
}

/** How many choices have something that a line does not show. */
export const countWithMore = (value: Value | undefined): number =>
  itemsIn(value).filter((item) => isDefinition(item) && "attributes" in item).length;

export const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
