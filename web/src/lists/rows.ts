// The rows of a list: page by page as the reader goes down, and live at the top.
//
// Events only say that something happened. Then the first page is asked for again and merged into
// what is there; while the reader is in the middle of the list, new rows wait to be shown.
import {
  type InfiniteData,
  type QueryKey,
  useInfiniteQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type EventKind, type HubEvent, useEvents } from "../api/events";
import type { Page } from "../api/types";
import { mergeHead, replaceRow } from "./merge";

export interface RowSource<Row> {
  /** What the list is of: the noun, the project and every filter. */
  queryKey: QueryKey;
  fetchPage: (cursor: string | null, signal?: AbortSignal) => Promise<Page<Row>>;
  idOf: (row: Row) => string;
  /** The events that concern the list; null for one that does not live. */
  live: EventKind | null;
  /** One row anew, for events about rows far down. */
  fetchRow?: (id: string) => Promise<Row>;
}

type Cached<Row> = InfiniteData<Page<Row>, string | null>;

/** Events about so many rows further down are followed one by one; beyond it they are let go. */
const MOST_SINGLE_ROWS = 20;
/** A search goes on by itself past so many pages without a find; then the reader says. */
const MOST_PAGES_WITHOUT_A_FIND = 10;

export function useRows<Row>(source: RowSource<Row>, atTop: () => boolean) {
  const { queryKey, fetchPage, idOf, live, fetchRow } = source;
  const client = useQueryClient();
  const [held, setHeld] = useState(0);
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    // The head is kept fresh by events; asking for all pages again would be a load for nothing.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);

  const loaded = useRef(new Set<string>());
  useEffect(() => {
    loaded.current = new Set(rows.map(idOf));
  }, [rows, idOf]);

  const put = useCallback(
    (change: (pages: Page<Row>[]) => Page<Row>[]) => {
      client.setQueryData<Cached<Row>>(queryKey, (data) => {
        if (data === undefined) {
          return data;
        }
        const pages = change(data.pages);
        return { pages, pageParams: data.pageParams.slice(0, pages.length) };
      });
    },
    [client, queryKey],
  );

  const asking = useRef(false);
  const askedAgain = useRef(false);
  const refreshHead = useCallback(
    async (insert: boolean) => {
      if (asking.current) {
        askedAgain.current = true;
        return;
      }
      asking.current = true;
      try {
        const head = await fetchPage(null);
        let heldNow = 0;
        put((pages) => {
          const merged = mergeHead(pages, head, { idOf, insert });
          heldNow = merged.held;
          return merged.pages;
        });
        setHeld(heldNow);
      } catch {
        // The next event asks again; what went wrong shows where the reader asks for something.
      } finally {
        asking.current = false;
        if (askedAgain.current) {
          askedAgain.current = false;
          void refreshHead(insert);
        }
      }
    },
    [fetchPage, idOf, put],
  );

  useEvents((events: HubEvent[]) => {
    const concerning = events.filter((event) => event.kind === live || event.kind === "everything");
    if (concerning.length === 0) {
      return;
    }
    void refreshHead(atTop());
    if (fetchRow !== undefined) {
      const known = concerning.flatMap((event) =>
        event.id !== null && loaded.current.has(event.id) ? [event.id] : [],
      );
      for (const id of [...new Set(known)].slice(0, MOST_SINGLE_ROWS)) {
        fetchRow(id).then(
          (row) => put((pages) => replaceRow(pages, row, idOf)),
          () => {},
        );
      }
    }
  }, live !== null);

  // A list that was looked at before is there at once, and caught up with what came meanwhile.
  const key = JSON.stringify(queryKey);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each list that is shown
  useEffect(() => {
    setHeld(0);
    if (client.getQueryData(queryKey) !== undefined) {
      void refreshHead(true);
    }
  }, [key]);

  const pages = query.data?.pages ?? [];
  const [patience, setPatience] = useState(MOST_PAGES_WITHOUT_A_FIND);
  const found = pages.findLastIndex((page) => page.items.length > 0);
  const search = {
    /** How far a search came that has further to go; null where nothing is searched. */
    until: query.hasNextPage ? (pages.at(-1)?.searched_until ?? null) : null,
    tired: pages.length - 1 - found >= patience,
    goOn: () => setPatience(patience + MOST_PAGES_WITHOUT_A_FIND),
  };
  return { query, rows, held, showHeld: () => refreshHead(true), search };
}
