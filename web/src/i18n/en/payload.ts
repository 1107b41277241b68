import { counted } from "../plural";

export const payload = {
  tree: "Folded",
  exact: "Exact",
  content: "Content",
  fold: (characters: string) => `Fold all ${characters} characters`,
  search: "Search in it",
  found: (count: number) => counted("en", count, { one: "# place", other: "# places" }),
  nextPlace: "Next place",
  copyPath: "Copy the path",
  copyValue: "Copy the value",
  filterOn: "Filter on this value",
  actions: "Of this value",
  unfoldAll: "Unfold all",
  foldAll: "Fold all",
  items: (count: number) => counted("en", count, { one: "# item", other: "# items" }),
  members: (count: number) => counted("en", count, { one: "# member", other: "# members" }),
  empty: "It has no content.",
  binary: (bytes: string) => `These ${bytes} are no text. They can be downloaded.`,
  tooLong: (bytes: string) =>
    `These ${bytes} are too long to be shown here. They can be downloaded.`,
  before: "Before",
  after: "After",
  path: "Where",
  differences: (count: number, more: boolean) =>
    more
      ? `The first ${count} differences`
      : counted("en", count, { one: "# difference", other: "# differences" }),
  same: "Both are the same.",
  line: "Line",
  beside: (before: string, after: string) => `${before} beside ${after}`,
  notBeside: "One of them is no text: they cannot be shown side by side.",
  others: (count: number) =>
    counted("en", count, { one: "# line differs", other: "# lines differ" }),
  sameLines: (count: number) =>
    counted("en", count, { one: "# line that is the same", other: "# lines that are the same" }),
  showSame: "Show equal lines too",
  foldSame: "Only what differs",
};
