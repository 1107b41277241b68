// A table of sources, connections or forwarders: there are few of them, so all are drawn. On a
// phone each row is a card. j and k go from row to row, as in every list.
import { type ReactNode, useRef } from "react";
import { useKeys } from "../design/keys";
import styles from "./DefinitionTable.module.css";

export interface TableColumn<Row> {
  key: string;
  title: string;
  end?: boolean;
  /** It says enough without its title on a phone. */
  plain?: boolean;
  cell: (row: Row) => ReactNode;
}

interface DefinitionTableProps<Row> {
  label: string;
  rows: Row[];
  nameOf: (row: Row) => string;
  /** The link to the row's page; it stands in the first column. */
  link: (row: Row) => ReactNode;
  first: string;
  columns: TableColumn<Row>[];
}

export function DefinitionTable<Row>(props: DefinitionTableProps<Row>) {
  const { label, rows, nameOf, link, first, columns } = props;
  const table = useRef<HTMLTableElement>(null);
  const go = (step: number) => {
    const links = [...(table.current?.querySelectorAll<HTMLElement>("th a") ?? [])];
    const current = links.indexOf(document.activeElement as HTMLElement);
    const wanted = current < 0 ? (step > 0 ? 0 : links.length - 1) : current + step;
    links[Math.max(0, Math.min(links.length - 1, wanted))]?.focus();
  };
  useKeys({ j: () => go(1), k: () => go(-1) });
  return (
    <table ref={table} className={styles.table} aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{first}</th>
          {columns.map((column) => (
            <th key={column.key} scope="col" data-end={column.end || undefined}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={nameOf(row)}>
            <th scope="row">{link(row)}</th>
            {columns.map((column) => (
              <td
                key={column.key}
                data-end={column.end || undefined}
                data-title={column.plain ? undefined : column.title}
              >
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
