// A list with what stands above it: the search, the filters in force, the columns to choose; and,
// where nothing fits the filters, the way back to everything.
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { EmptyState } from "../design/EmptyState";
import { useWords } from "../i18n/words";
import { List, type ListProps } from "./List";
import { type FilterWord, ListBar } from "./ListBar";
import { SearchField } from "./SearchField";

interface FilteredListProps<Row> extends Omit<ListProps<Row>, "chosenColumns"> {
  /** What of the address concerns every list; `useListAddress` reads it. */
  address: {
    filters: { text?: string };
    chosenColumns: string | undefined;
    change: (changed: { text?: string; columns?: string }) => void;
    clear: () => void;
  };
  filterWords: FilterWord[];
  /** The fields by which filters are added. */
  filterForm: ReactNode;
  /** What the search looks in. */
  searchIn: string;
  /** What is said where nothing fits the filters. */
  emptyFiltered: string;
}

export function FilteredList<Row>(props: FilteredListProps<Row>) {
  const { address, filterWords, filterForm, searchIn, emptyFiltered, empty, ...list } = props;
  const { filters, chosenColumns, change, clear } = address;
  return (
    <>
      <ListBar
        filters={filterWords}
        clear={clear}
        form={filterForm}
        columns={list.columns}
        chosenColumns={chosenColumns}
        chooseColumns={(columns) => change({ columns })}
      >
        <SearchField
          text={filters.text}
          placeholder={searchIn}
          search={(text) => change({ text })}
        />
      </ListBar>
      <List
        {...list}
        chosenColumns={chosenColumns}
        empty={
          filterWords.length > 0 ? <NothingFits clear={clear}>{emptyFiltered}</NothingFits> : empty
        }
      />
    </>
  );
}

interface NothingFitsProps {
  clear: () => void;
  children: string;
}

/** Stands where nothing fits the filters, with the way back to everything. */
export function NothingFits({ clear, children }: NothingFitsProps) {
  const words = useWords().list;
  return (
    <EmptyState
      action={
        <Button variant="default" onClick={clear}>
          {words.clearFilters}
        </Button>
      }
    >
      {children}
    </EmptyState>
  );
}
