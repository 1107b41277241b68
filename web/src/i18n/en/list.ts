import { counted } from "../plural";

export const list = {
  loading: "Loading…",
  end: "That is all.",
  /** With a time between them: "Looked at 3 min ago. This list …". */
  lookedAt: "Looked at",
  standsStill: ". This list stands still: it does not follow what happens.",
  lookAgain: "Look again",
  newRows: (count: number) => counted("en", count, { one: "# new", other: "# new" }),
  selectLoaded: "Select all rows that are loaded",
  selectRow: (name: string) => `Select ${name}`,
  selected: (count: number) => counted("en", count, { one: "# selected", other: "# selected" }),
  selectAllThatMatch: "Select all that match",
  allThatMatch: (count: string) => `All ${count} that match are selected`,
  allThatMatchUncounted: "All that match are selected",
  clearSelection: "Clear the selection",
  filter: "Filter",
  remove: (filter: string) => `Remove the filter: ${filter}`,
  clearFilters: "Clear all",
  searchedUntil: "Searched back to",
  searchOn: "Search further back",
  columns: "Columns",
  search: "Search",
  span: "How far back",
  anyTime: "any time",
  any: "any",
  last: { "1h": "last hour", "24h": "last 24 h", "7d": "last 7 days", "30d": "last 30 days" },
};
