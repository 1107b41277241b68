// The columns of a list: which there are, and which of them are shown.
import type { ReactNode } from "react";

export interface Column<Row> {
  key: string;
  title: string;
  /** A track of the grid: `120px`, `minmax(160px, 1fr)`. */
  width: string;
  /** Numbers stand at the end. */
  end?: boolean;
  /** Shown only when it is chosen. */
  hidden?: boolean;
  cell: (row: Row) => ReactNode;
  /** The orders that its title can put the rows in, as the address names them; the one that stands
   *  first comes with the first press. */
  sorts?: { ascending?: string; descending?: string };
}

export type Direction = "ascending" | "descending";

/** Whether rows are sorted by a column, and which way. */
export function sortedBy<Row>({ sorts }: Column<Row>, sort: string): Direction | undefined {
  return sorts?.ascending === sort
    ? "ascending"
    : sorts?.descending === sort
      ? "descending"
      : undefined;
}

/** The order that a press on a column's title asks for: its first one, or the other way round. */
export function sortPressed<Row>({ sorts }: Column<Row>, sort: string): string | undefined {
  const orders = Object.values(sorts ?? {});
  return orders.find((order) => order !== sort) ?? orders[0];
}

/** The space between two columns, and beside the first and the last one; as List.module.css has it. */
const GAP_PIXELS = 12;
const EDGE_PIXELS = 8;

/** How wide rows are at the least: where the window is narrower, the list is scrolled. */
export function leastWidth(tracks: readonly string[]): number {
  const widths = tracks.map((track) => Number(/(\d+)px/.exec(track)?.[1] ?? 0));
  const gaps = Math.max(0, tracks.length - 1) * GAP_PIXELS;
  return widths.reduce((sum, width) => sum + width, 0) + gaps + 2 * EDGE_PIXELS;
}

/** What of an address concerns the looks of a list alone. */
const LOOKS: readonly string[] = ["columns", "entry"];

/** Whether a change of an address only changes looks: then it takes the place of the one before,
 *  as Back is for what was looked for. */
export function onlyLooks(changed: object): boolean {
  return Object.keys(changed).every((name) => LOOKS.includes(name));
}

/** The columns that are shown. `chosen` is the list of keys as it stands in the address. */
export function shownColumns<Row>(
  columns: Column<Row>[],
  chosen: string | undefined,
): Column<Row>[] {
  if (chosen === undefined) {
    return columns.filter((column) => column.hidden !== true);
  }
  const keys = chosen.split(",");
  const shown = columns.filter((column) => keys.includes(column.key));
  return shown.length > 0 ? shown : columns.filter((column) => column.hidden !== true);
}

/** The choice with one column turned on or off, as it goes into the address; the usual one is not
 *  written down. The last column that is left stays. */
export function toggledColumn<Row>(
  columns: Column<Row>[],
  chosen: string | undefined,
  key: string,
): string | undefined {
  const before = shownColumns(columns, chosen).map((column) => column.key);
  const after = columns
    .map((column) => column.key)
    .filter((each) => (each === key ? !before.includes(key) : before.includes(each)));
  const next = after.length === 0 ? before : after;
  const usual = shownColumns(columns, undefined).map((column) => column.key);
  return next.join() === usual.join() ? undefined : next.join();
}
