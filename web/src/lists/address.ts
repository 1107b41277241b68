// The state of a list as the address of its page has it: what is filtered by, and which columns are
// chosen.
import { useMemo } from "react";
import { onlyLooks } from "./columns";

interface Looks {
  columns?: string;
}

/** Where the page goes when its list is to be another. */
type Go<Search> = (to: { search: (before: Search) => Search; replace: boolean }) => void;

/** What stands in an address, and the ways to change it. */
export interface ListAddress<Search extends Looks> {
  filters: Omit<Search, "columns">;
  chosenColumns: string | undefined;
  change: (changed: Partial<Search>) => void;
  /** Takes all filters away; the columns stay. */
  clear: () => void;
}

export function useListAddress<Search extends Looks>(
  search: Search,
  go: Go<Search>,
  cleared: Partial<Search> = {},
): ListAddress<Search> {
  const [chosenColumns, filters] = useMemo(() => {
    const { columns, ...rest } = search;
    return [columns, rest] as const;
  }, [search]);
  return {
    filters,
    chosenColumns,
    change: (changed) =>
      go({ search: (before) => ({ ...before, ...changed }), replace: onlyLooks(changed) }),
    clear: () =>
      go({ search: () => ({ ...cleared, columns: chosenColumns }) as Search, replace: false }),
  };
}
