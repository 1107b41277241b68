// Where a value stands, written as the hub writes it when it explains a filter: keys joined by
// dots, `[]` for any item of an array, and a key that could be misread in quotes.

const MISREAD = /[.[\]"`\s]/u;

/** Keys and numbers of items, from the root to a value. */
export type Steps = readonly (string | number)[];

export function pathOf(steps: Steps): string {
  let path = "";
  for (const step of steps) {
    if (typeof step === "number") {
      path += "[]";
    } else {
      const key = step === "" || MISREAD.test(step) ? JSON.stringify(step) : step;
      path += path === "" ? key : `.${key}`;
    }
  }
  return path;
}
