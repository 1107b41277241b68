// What can be done with the rows that are selected, or with all that match.
import { Button } from "@mantine/core";
import { type ReactNode, Suspense, useEffect, useState } from "react";
import { useFormat, useWords } from "../i18n/words";
import { SelectionBar } from "./ListBar";
import type { Selection } from "./selection";

/** An action names so many rows at most; more are described by filters. */
const MOST_NAMED = 500;

/** Whether anything is selected. */
export const isSelecting = ({ selected, size }: Selection): boolean => selected.all || size > 0;

/** Whether too many are selected by name for an action. */
export const tooManyNamed = ({ selected, size }: Selection): boolean =>
  !selected.all && size > MOST_NAMED;

/** What is to be done, which nobody has agreed to yet. */
export function useAskedDeed<Deed>(selection: Selection) {
  const [deed, ask] = useState<Deed | null>(null);
  const selecting = isSelecting(selection);
  // Another selection is another question.
  useEffect(() => {
    if (!selecting) {
      ask(null);
    }
  }, [selecting]);
  return { deed, ask };
}

interface ManySelectedProps<Deed extends string> {
  selection: Selection;
  /** How many match the filters, as far as that is known. */
  count: string | null;
  deeds: readonly Deed[];
  words: Readonly<Record<Deed, string>>;
  ask: (deed: Deed) => void;
  /** What asks whether it is to be done, once somebody wants it. */
  children: ReactNode;
}

export function ManySelected<Deed extends string>(props: ManySelectedProps<Deed>) {
  const { selection, count, deeds, words, ask, children } = props;
  const all = useWords();
  const format = useFormat();
  const tooMany = tooManyNamed(selection);
  return (
    <>
      <SelectionBar selection={selection} count={count}>
        {tooMany && (
          <span role="alert">{all.deliveries.bulk.tooMany(format.number(MOST_NAMED))}</span>
        )}
        {deeds.map((deed) => (
          <Button
            key={deed}
            size="compact-sm"
            variant="default"
            disabled={tooMany}
            onClick={() => ask(deed)}
          >
            {words[deed]}…
          </Button>
        ))}
      </SelectionBar>
      <Suspense fallback={null}>{children}</Suspense>
    </>
  );
}

/** The filters of what is selected: those of the list, or the rows by their names. */
export const selectedOf = <Filters extends object>(
  { selected }: Selection,
  filters: Filters,
): Filters | { ids: string } => (selected.all ? filters : { ids: [...selected.ids].join(",") });
