// Paths of answers and properties, as the hub writes them: `household.head.name`, with a name that
// could be misread in quotes.

/** A name in quotes, or what stands between two dots. */
const NAME = /"(?:[^"\\]|\\.)*"|[^.]+/g;

/** The names on the way to an answer. */
export function namesOf(path: string): string[] {
  return (path.match(NAME) ?? []).map((name) => {
    if (!name.startsWith('"')) {
      return name;
    }
    try {
      return JSON.parse(name) as string;
    } catch {
      return name;
    }
  });
}
