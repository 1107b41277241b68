// What stands above a list: the filters in force as words that can be removed, the way to add one,
// and the columns to choose. All of it is in the address.
import { Button, Menu, Popover } from "@mantine/core";
import { Columns3, ListFilter, X } from "lucide-react";
import type { ReactNode } from "react";
import { useWords } from "../i18n/words";
import { type Column, shownColumns, toggledColumn } from "./columns";
import styles from "./ListBar.module.css";
import type { Selection } from "./selection";

/** A filter in force. */
export interface FilterWord {
  key: string;
  text: string;
  remove: () => void;
}

interface ListBarProps<Row> {
  filters: FilterWord[];
  clear: () => void;
  /** The fields by which filters are added. */
  form?: ReactNode;
  /** Always in sight: a search field, say. */
  children?: ReactNode;
  /** Those that can be chosen; none where what stands below has no columns. */
  columns: Column<Row>[];
  chosenColumns?: string;
  chooseColumns: (chosen: string | undefined) => void;
}

export function ListBar<Row>(props: ListBarProps<Row>) {
  const { filters, clear, form, children, columns, chosenColumns, chooseColumns } = props;
  const words = useWords().list;
  const shown = shownColumns(columns, chosenColumns).map((column) => column.key);
  return (
    <div className={styles.bar}>
      {children}
      {form !== undefined && (
        <Popover position="bottom-start" trapFocus onDismiss={leaveField}>
          <Popover.Target>
            <Button variant="default" size="compact-md" leftSection={<ListFilter size={14} />}>
              {words.filter}
            </Button>
          </Popover.Target>
          <Popover.Dropdown className={styles.form}>{form}</Popover.Dropdown>
        </Popover>
      )}
      <ul className={styles.filters}>
        {filters.map((filter) => (
          <li key={filter.key}>
            <button
              type="button"
              className={styles.filter}
              aria-label={words.remove(filter.text)}
              onClick={filter.remove}
            >
              <span>{filter.text}</span>
              <X size={12} aria-hidden="true" />
            </button>
          </li>
        ))}
        {filters.length > 1 && (
          <li>
            <Button variant="subtle" size="compact-sm" onClick={clear}>
              {words.clearFilters}
            </Button>
          </li>
        )}
      </ul>
      {columns.length > 0 && (
        <div className={styles.end}>
          <Menu closeOnItemClick={false} position="bottom-end">
            <Menu.Target>
              <Button
                variant="subtle"
                color="gray"
                size="compact-md"
                leftSection={<Columns3 size={14} />}
              >
                {words.columns}
              </Button>
            </Menu.Target>
            <Menu.Dropdown className={styles.columns}>
              {columns.map((column) => (
                <Menu.CheckboxItem
                  key={column.key}
                  checked={shown.includes(column.key)}
                  onChange={() => chooseColumns(toggledColumn(columns, chosenColumns, column.key))}
                >
                  {column.title}
                </Menu.CheckboxItem>
              ))}
            </Menu.Dropdown>
          </Menu>
        </div>
      )}
    </div>
  );
}

/** What was typed counts when its field is left: before the form goes, its field is. A field that is
 *  only taken out of the page tells nobody. */
function leaveField(): void {
  if (document.activeElement instanceof HTMLElement) {
    document.activeElement.blur();
  }
}

interface SelectionBarProps {
  selection: Selection;
  /** How many match the filters, as far as that is known. */
  count: string | null;
  /** What can be done with what is selected. */
  children: ReactNode;
}

/** Takes the place of the bar while something is selected. */
export function SelectionBar({ selection, count, children }: SelectionBarProps) {
  const words = useWords().list;
  const all = selection.selected.all;
  if (!all && selection.size === 0) {
    return null;
  }
  return (
    <div className={styles.selection} role="status">
      <span>
        {all
          ? count === null
            ? words.allThatMatchUncounted
            : words.allThatMatch(count)
          : words.selected(selection.size)}
      </span>
      {!all && (
        <Button variant="subtle" size="compact-sm" onClick={selection.selectAllThatMatch}>
          {words.selectAllThatMatch}
        </Button>
      )}
      <div className={styles.deeds}>{children}</div>
      <Button variant="subtle" color="gray" size="compact-sm" onClick={selection.clear}>
        {words.clearSelection}
      </Button>
    </div>
  );
}
