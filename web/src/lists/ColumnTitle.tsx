// The title of a column; where its rows can be sorted by it, a press does so.
import { ArrowDown, ArrowUp } from "lucide-react";
import { type Column, sortedBy, sortPressed } from "./columns";
import styles from "./List.module.css";

/** The order of a list's rows, and how another is chosen. */
export interface Sorting {
  sort: string;
  choose: (sort: string) => void;
}

interface ColumnTitleProps<Row> {
  column: Column<Row>;
  sorting: Sorting | undefined;
}

export function ColumnTitle<Row>({ column, sorting }: ColumnTitleProps<Row>) {
  const pressed = sorting && sortPressed(column, sorting.sort);
  const direction = sorting && sortedBy(column, sorting.sort);
  return (
    // biome-ignore lint/a11y: a table element cannot draw only some of its rows
    <div
      role="columnheader"
      className={styles.title}
      data-end={column.end}
      aria-sort={pressed === undefined ? undefined : (direction ?? "none")}
    >
      {sorting === undefined || pressed === undefined ? (
        column.title
      ) : (
        <button
          type="button"
          className={styles.sort}
          data-sorted={direction !== undefined || undefined}
          onClick={() => sorting.choose(pressed)}
        >
          {column.title}
          {direction === "ascending" && <ArrowUp size={12} aria-hidden="true" />}
          {direction === "descending" && <ArrowDown size={12} aria-hidden="true" />}
        </button>
      )}
    </div>
  );
}
