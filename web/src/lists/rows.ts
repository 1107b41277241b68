// The rows of a list: page by page as the reader goes down, and live at the top. While the reader is
// in the middle of the list, new rows wait to be shown.
import {
  type InfiniteData,
  type QueryKey,
  useInfiniteQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { type EventKind, type HubEvent, useEvents } from "../api/events";
import type { Page } from "../api/types";
import { type Following, follow } from "./follow";

export interface RowSource<Row> {
  /** What the list is of: the noun, the project and every filter. */
  queryKey: QueryKey;
  fetchPage: (cursor: string | null, signal?: AbortSignal) => Promise<Page<Row>>;
  idOf: (row: Row) => string;
  /** The events that concern the list; null for one that does not live. */
  live: EventKind | null;
  /** Those events tell of other things than the rows: any row may have changed by them. */
  followsOthers?: boolean;
  /** Those of some rows that still fit the filters, as they are now, for events about rows far down. */
  fetchRows?: (ids: string[], signal?: AbortSignal) => Promise<Row[]>;
}

/** Where the reader is in the list. */
export interface Sight {
  isAtTop: () => boolean;
  /** The places of the first and the last row in sight. */
  range: () => [first: number, last: number];
}

type Cached<Row> = InfiniteData<Page<Row>, string | null>;

/** A search goes on by itself past so many pages without a find; then the reader says. */
const MOST_PAGES_WITHOUT_A_FIND = 10;

export function useRows<Row>(source: RowSource<Row>, sight: Sight) {
  const { queryKey, fetchPage } = source;
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
  const { held, following } = useFollowing(source, sight);

  useEvents((events: HubEvent[]) => {
    const concerning = events.filter(({ kind }) => kind === source.live || kind === "everything");
    if (concerning.length > 0) {
      const ids = concerning.map(({ id }) => id).filter((id) => id !== null);
      const isAny = source.followsOthers === true || ids.length < concerning.length;
      following.current?.happened(isAny ? "any" : ids);
    }
  }, source.live !== null);
  const { isFetching } = query;
  useEffect(() => {
    if (!isFetching) {
      following.current?.arrived();
    }
  }, [isFetching, following]);

  const pages = query.data?.pages ?? [];
  const [patience, setPatience] = useState(MOST_PAGES_WITHOUT_A_FIND);
  const found = pages.findLastIndex((page) => page.items.length > 0);
  const search = {
    /** How far a search came that has further to go; null where nothing is searched. */
    until: query.hasNextPage ? (pages.at(-1)?.searched_until ?? null) : null,
    tired: pages.length - 1 - found >= patience,
    goOn: () => setPatience(patience + MOST_PAGES_WITHOUT_A_FIND),
  };
  return { query, rows, held, following, search };
}

/** Follows the list that is shown, as long as it is the same one. */
function useFollowing<Row>(source: RowSource<Row>, sight: Sight) {
  const client = useQueryClient();
  const [held, setHeld] = useState(0);
  const following = useRef<Following>(undefined);
  const latest = useRef({ source, sight });
  useEffect(() => {
    latest.current = { source, sight };
  });
  const key = JSON.stringify(source.queryKey);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each list that is shown
  useEffect(() => {
    const { queryKey, idOf, fetchPage, fetchRows } = source;
    const read = () => client.getQueryData<Cached<Row>>(queryKey)?.pages;
    const begun = follow<Row>({
      idOf,
      fetchPage,
      fetchRows,
      read,
      write: (pages) =>
        client.setQueryData<Cached<Row>>(queryKey, (data) =>
          data === undefined ? data : { pages, pageParams: data.pageParams.slice(0, pages.length) },
        ),
      isFetching: () => client.isFetching({ queryKey, exact: true }) > 0,
      isAtTop: () => latest.current.sight.isAtTop(),
      inSight: () => {
        const [first, last] = latest.current.sight.range();
        const shown = (read() ?? []).flatMap(({ items }) => items);
        return shown.slice(first, last + 1).map(idOf);
      },
      hold: setHeld,
    });
    following.current = begun;
    setHeld(0);
    // A list that was looked at before is there at once, and caught up with what came meanwhile.
    if (read() !== undefined) {
      begun.happened("any");
    }
    return () => begun.stop();
  }, [client, key]);
  return { held, following };
}
