// Which rows are selected: some of those that are loaded, or all that match the filters, whether
// they are loaded or not.
import { useCallback, useEffect, useMemo, useState } from "react";

export type Selected = { all: false; ids: ReadonlySet<string> } | { all: true };

export interface Selection {
  selected: Selected;
  /** How many rows are selected by name; all that match have no number here. */
  size: number;
  has: (id: string) => boolean;
  toggle: (id: string) => void;
  set: (ids: Iterable<string>) => void;
  selectAllThatMatch: () => void;
  clear: () => void;
}

const NONE: Selected = { all: false, ids: new Set() };

/** A selection that ends when the filters change: `of` says what it is a selection of. */
export function useSelection(of: string): Selection {
  const [selected, setSelected] = useState<Selected>(NONE);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list is another selection
  useEffect(() => setSelected(NONE), [of]);
  const toggle = useCallback(
    (id: string) =>
      setSelected((before) => {
        const ids = new Set(before.all ? [] : before.ids);
        if (!ids.delete(id)) {
          ids.add(id);
        }
        return { all: false, ids };
      }),
    [],
  );
  return useMemo(
    () => ({
      selected,
      size: selected.all ? 0 : selected.ids.size,
      has: (id) => selected.all || selected.ids.has(id),
      toggle,
      set: (ids) => setSelected({ all: false, ids: new Set(ids) }),
      selectAllThatMatch: () => setSelected({ all: true }),
      clear: () => setSelected(NONE),
    }),
    [selected, toggle],
  );
}
