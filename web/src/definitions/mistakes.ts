// The hub names each mistake in a definition by its path. Here they find their fields.
import { Problem, type ProblemDocument } from "../api/problem";

export type Mistake = NonNullable<ProblemDocument["problems"]>[number];

/** The mistakes that an error tells of. */
export function mistakesOf(error: unknown): Mistake[] {
  return error instanceof Problem ? (error.document.problems ?? []) : [];
}

/** The path within the definition: `connections.warehouse.auth.basic` is `auth.basic` in the form
 *  of that connection. Mistakes elsewhere, such as in a forwarder that sends to it, are not its.
 *  Without a prefix the definition is the project itself. */
export function pathWithin(prefix: string, path: string): string | null {
  if (prefix === "") {
    return path;
  }
  if (path === prefix) {
    return "";
  }
  if (path.startsWith(`${prefix}.`)) {
    return path.slice(prefix.length + 1);
  }
  return null;
}

/** Mistakes by the fields that show them. A field shows what is at its path and inside it, unless
 *  a field of a longer path does. `rest` is what no field shows. */
export function sortMistakes(
  mistakes: readonly Mistake[],
  prefix: string,
  fields: readonly string[],
): { byField: Map<string, Mistake[]>; rest: Mistake[] } {
  const byField = new Map<string, Mistake[]>();
  const rest: Mistake[] = [];
  for (const mistake of mistakes) {
    const path = pathWithin(prefix, mistake.path);
    const field =
      path === null
        ? undefined
        : fields
            .filter(
              (each) =>
                path === each || (/^[.[]/.test(path.slice(each.length)) && path.startsWith(each)),
            )
            .sort((one, other) => other.length - one.length)[0];
    if (field === undefined) {
      rest.push(mistake);
    } else {
      byField.set(field, [...(byField.get(field) ?? []), mistake]);
    }
  }
  return { byField, rest };
}
