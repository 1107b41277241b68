// The query of an address, read and written plainly: `?source=kobo&value=a&value=b`. What stands
// there is text, as a person would write it; a name that is there more than once is a list.

export type PlainSearch = Record<string, string | string[]>;

export function parseSearch(query: string): PlainSearch {
  const search: PlainSearch = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const before = search[name];
    search[name] =
      before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return search;
}

export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null && each !== "") {
        parameters.append(name, String(each));
      }
    }
  }
  const query = parameters.toString();
  return query === "" ? "" : `?${query}`;
}

/** One text of a search; undefined where there is none, so that it leaves no trace in addresses. */
export function textIn(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" && first !== "" ? first : undefined;
}

/** A moment of a search, as it stands there; what is no moment, `24h` say, is left out. */
export function timeIn(search: Record<string, unknown>, name: string): string | undefined {
  const text = textIn(search, name);
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text;
}

/** All texts of a search under one name. */
export function textsIn(search: Record<string, unknown>, name: string): string[] | undefined {
  const value = search[name];
  const all = (Array.isArray(value) ? value : [value]).filter(
    (each): each is string => typeof each === "string" && each !== "",
  );
  return all.length > 0 ? all : undefined;
}

/** One of some known words of a search. */
export function wordIn<Word extends string>(
  search: Record<string, unknown>,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = textIn(search, name);
  return words.find((word) => word === text);
}
