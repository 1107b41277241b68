// The parts of the editor of a form, each behind a tab, and what is shown in which. Pure.
/** The parts of the editor, each on a page of its own. */
export const PARTS = ["about", "fields", "lifecycle", "people", "added"] as const;
export type Part = (typeof PARTS)[number];

/** The part in which a path is shown. */
export function partOf(path: string): Part {
  const begins = (...all: string[]) => all.some((each) => path.startsWith(each));
  if (begins("fields")) {
    return "fields";
  }
  if (begins("lifecycle.functions", "submitters", "submission_roles")) {
    return "people";
  }
  if (begins("lifecycle.backoffice_fields", "lifecycle.criticality_levels")) {
    return "added";
  }
  return begins("lifecycle") ? "lifecycle" : "about";
}
