// The list: rows of one noun, newest first, drawn only where the reader looks. On a phone a row is
// a card of two lines. Every row is a link, so that it opens in place, in a tab, or is shared.
import { Checkbox } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type ReactNode, useEffect, useRef } from "react";
import { ErrorNote } from "../design/ErrorNote";
import { useKeys } from "../design/keys";
import { useWords } from "../i18n/words";
import { ColumnTitle, type Sorting } from "./ColumnTitle";
import { type Column, leastWidth, shownColumns } from "./columns";
import styles from "./List.module.css";
import { ListSkeleton, MoreRows, NewRows, StandsStill } from "./ListParts";
import { type RowSource, useRows } from "./rows";
import type { Selection } from "./selection";

const ROW_PIXELS = 40;
const CARD_PIXELS = 68;
/** The next page is asked for this many rows before the end is in sight. */
const AHEAD_ROWS = 30;
const NARROW = "(max-width: 720px)";

export interface ListProps<Row> {
  /** What the list is, for those who do not see it. */
  label: string;
  source: RowSource<Row>;
  columns: Column<Row>[];
  /** The chosen columns as the address has them. */
  chosenColumns?: string;
  /** The two lines of a row on a phone. */
  card: (row: Row) => ReactNode;
  /** Where a row leads: its link, around what stands for the row. */
  link: (row: Row, content: ReactNode, className: string) => ReactNode;
  /** What a row is called in its link, for those who do not see it. */
  nameOf: (row: Row) => string;
  /** What stands where nothing is. */
  empty: ReactNode;
  selection?: Selection;
  /** The row that is open beside the list. */
  openId?: string | null;
  /** Rows as on a phone, where something else takes the room. */
  asCards?: boolean;
  /** Keys that act on the row in focus. */
  rowKeys?: Record<string, (row: Row) => void>;
  /** The order of the rows, where another can be chosen. */
  sorting?: Sorting;
}

const NO_KEYS = {};

export function List<Row>(props: ListProps<Row>) {
  const { label, source, columns, card, link, nameOf, selection, openId = null } = props;
  const rowKeys: Record<string, (row: Row) => void> = props.rowKeys ?? NO_KEYS;
  const words = useWords().list;
  const client = useQueryClient();
  const onPhone = useMediaQuery(NARROW, window.matchMedia(NARROW).matches) ?? false;
  const narrow = onPhone || props.asCards === true;
  const scroller = useRef<HTMLDivElement>(null);
  const range = useRef<[number, number]>([0, 0]);
  const { query, rows, held, following, search } = useRows(source, {
    isAtTop: () => (scroller.current?.scrollTop ?? 0) < ROW_PIXELS,
    range: () => range.current,
  });
  const shown = shownColumns(columns, props.chosenColumns);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? CARD_PIXELS : ROW_PIXELS),
    getItemKey: (index) => (rows[index] === undefined ? index : source.idOf(rows[index])),
    overscan: 8,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows are measured anew
  useEffect(() => virtual.measure(), [narrow]);

  const items = virtual.getVirtualItems();
  const begin = items[0]?.index ?? 0;
  const end = items.at(-1)?.index ?? 0;
  useEffect(() => {
    range.current = [begin, end];
    following.current?.moved();
  }, [begin, end, following]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError } = query;
  const wantsMore =
    end >= rows.length - AHEAD_ROWS && hasNextPage && !search.tired && !isFetchNextPageError;
  useEffect(() => {
    if (wantsMore && !isFetchingNextPage) {
      void fetchNextPage();
    }
  }, [wantsMore, isFetchingNextPage, fetchNextPage]);

  useRowKeys({
    scroller,
    count: rows.length,
    show: (index) => virtual.scrollToIndex(index),
    select: (index) => {
      const row = rows[index];
      if (row !== undefined) {
        selection?.toggle(source.idOf(row));
      }
    },
    others: Object.entries(rowKeys).map(([key, act]) => [
      key,
      (index) => {
        const row = rows[index];
        if (row !== undefined) {
          act(row);
        }
      },
    ]),
  });

  if (query.isPending) {
    return <ListSkeleton label={words.loading} />;
  }
  if (query.isError && rows.length === 0) {
    return <ErrorNote error={query.error} retry={() => void query.refetch()} />;
  }
  const more = (
    <MoreRows
      loading={isFetchingNextPage}
      error={isFetchNextPageError ? query.error : null}
      ended={!hasNextPage}
      retry={() => void fetchNextPage()}
      searchedUntil={search.until}
      goOn={search.tired ? search.goOn : null}
    />
  );
  if (rows.length === 0) {
    return hasNextPage ? more : props.empty;
  }

  const tracks = [
    ...(selection === undefined ? [] : ["32px"]),
    ...shown.map((column) => column.width),
  ];
  const allChosen = selection !== undefined && rows.every((row) => selection.has(source.idOf(row)));
  return (
    <div
      className={styles.list}
      data-cards={narrow || undefined}
      style={{ "--tracks": tracks.join(" ") } as CSSProperties}
    >
      {held > 0 && (
        <NewRows
          count={held}
          show={() => {
            void following.current
              ?.showNew()
              .then(() => scroller.current?.scrollTo({ top: 0 }))
              .catch(() => {});
          }}
        />
      )}
      {source.live === null && (
        <StandsStill
          since={query.dataUpdatedAt}
          look={() => void client.resetQueries({ queryKey: source.queryKey, exact: true })}
        />
      )}
      <div ref={scroller} className={styles.scroller}>
        {/* biome-ignore lint/a11y/useSemanticElements: a table element cannot draw only some of its rows */}
        <div
          role="table"
          aria-label={label}
          aria-rowcount={hasNextPage ? -1 : rows.length + 1}
          style={narrow ? undefined : { minWidth: leastWidth(tracks) }}
        >
          {/* biome-ignore lint/a11y: see above */}
          <div
            className={styles.head}
            role="row"
            data-unseen={(narrow && selection === undefined) || undefined}
          >
            {selection !== undefined && (
              // biome-ignore lint/a11y: see above
              <div role="columnheader" className={styles.check}>
                <Checkbox
                  size="xs"
                  aria-label={words.selectLoaded}
                  checked={allChosen}
                  indeterminate={!allChosen && selection.size > 0}
                  onChange={() =>
                    allChosen ? selection.clear() : selection.set(rows.map(source.idOf))
                  }
                />
              </div>
            )}
            {narrow ? (
              // biome-ignore lint/a11y: see above
              <div role="columnheader" className={styles.title}>
                {selection === undefined ? label : words.selectLoaded}
              </div>
            ) : (
              shown.map((column) => (
                <ColumnTitle key={column.key} column={column} sorting={props.sorting} />
              ))
            )}
          </div>
          {/* biome-ignore lint/a11y: see above */}
          <div role="rowgroup" className={styles.rows} style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const row = rows[item.index];
              if (row === undefined) {
                return null;
              }
              const id = source.idOf(row);
              return (
                // biome-ignore lint/a11y: see above
                <div
                  key={item.key}
                  role="row"
                  aria-rowindex={item.index + 2}
                  data-index={item.index}
                  className={styles.row}
                  data-open={id === openId || undefined}
                  data-selected={selection?.has(id) || undefined}
                  style={{ height: item.size, transform: `translateY(${item.start}px)` }}
                >
                  {selection !== undefined && (
                    // biome-ignore lint/a11y: see above
                    <div role="cell" className={styles.check}>
                      <Checkbox
                        size="xs"
                        aria-label={words.selectRow(nameOf(row))}
                        checked={selection.has(id)}
                        onChange={() => selection.toggle(id)}
                      />
                    </div>
                  )}
                  {narrow ? (
                    // biome-ignore lint/a11y: see above
                    <div role="cell" className={styles.card}>
                      {link(row, card(row), styles.cardLink ?? "")}
                    </div>
                  ) : (
                    shown.map((column, index) => (
                      // biome-ignore lint/a11y: see above
                      <div
                        key={column.key}
                        role="cell"
                        className={styles.cell}
                        data-end={column.end}
                      >
                        {index === 0
                          ? link(
                              row,
                              <span className={styles.linkText}>
                                {column.cell(row)}
                                {/* Fifty links are not all called "3 min ago". */}
                                <span className={styles.unseen}>, {nameOf(row)}</span>
                              </span>,
                              styles.rowLink ?? "",
                            )
                          : column.cell(row)}
                      </div>
                    ))
                  )}
                </div>
              );
            })}
          </div>
        </div>
        {more}
      </div>
    </div>
  );
}

interface RowKeys {
  scroller: React.RefObject<HTMLDivElement | null>;
  count: number;
  show: (index: number) => void;
  select: (index: number) => void;
  /** What further keys do with the row in focus. */
  others: [string, (index: number) => void][];
}

/** j and k go from row to row; Enter is the link's own. */
function useRowKeys({ scroller, count, show, select, others }: RowKeys): void {
  const current = () => {
    const row = document.activeElement?.closest<HTMLElement>("[data-index]");
    return row === null || row === undefined || !scroller.current?.contains(row)
      ? -1
      : Number(row.dataset.index);
  };
  const go = (index: number) => {
    const wanted = Math.max(0, Math.min(count - 1, index));
    show(wanted);
    // The row may have to be drawn first.
    requestAnimationFrame(() =>
      scroller.current
        ?.querySelector<HTMLElement>(`[data-index="${wanted}"] a`)
        ?.focus({ preventScroll: true }),
    );
  };
  const down = (event: KeyboardEvent) => {
    event.preventDefault();
    go(current() + 1);
  };
  const up = (event: KeyboardEvent) => {
    event.preventDefault();
    go(current() - 1);
  };
  useKeys({
    j: down,
    k: up,
    ArrowDown: (event) => current() >= 0 && down(event),
    ArrowUp: (event) => current() >= 0 && up(event),
    x: () => current() >= 0 && select(current()),
    ...Object.fromEntries(
      others.map(([key, act]) => [key, () => current() >= 0 && act(current())]),
    ),
  });
}
