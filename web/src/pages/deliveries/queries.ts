// What the pages of deliveries ask the hub.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answered, api, bytes, text } from "../../api/client";
import type {
  BulkAction,
  Deed,
  Delivery,
  DeliveryFilter,
  DeliveryPreview,
  DeliverySort,
  Page,
} from "../../api/types";
import { withMoment } from "../../lists/last";
import { readSentTwice } from "../../payload/differences";
import { parseJson } from "../../payload/json";
import { readPayload } from "../../payload/read";
import type { DeliveriesSearch } from "./routes";

const PAGE_ROWS = 100;
/** Numbers beside a list are looked at again this often at most: each look counts everything. */
const COUNTS_MILLISECONDS = 5000;

/** The filters of an address, without what only concerns its looks. */
export type DeliveryFilters = Omit<DeliveriesSearch, "columns" | "sort">;

/** The filters as the hub takes them. */
function queryOf(filters: DeliveryFilters) {
  const { holds, ...others } = withMoment(filters, new Date());
  return { ...others, holds: holds === undefined ? undefined : true };
}

export const deliveriesKey = (project: string, filters: DeliveryFilters, sort: DeliverySort) => [
  "deliveries",
  project,
  filters,
  sort,
];

export const fetchDeliveries =
  (project: string, filters: DeliveryFilters, sort: DeliverySort) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<Delivery>> =>
    answered(
      api.GET("/api/v1/projects/{project}/deliveries", {
        params: {
          path: { project },
          query: { ...queryOf(filters), sort, limit: PAGE_ROWS, cursor: cursor ?? undefined },
        },
        signal,
      }),
    ).then(({ items, next }) => ({ items, next }));

/** Those of some deliveries that fit the filters. */
export const fetchSomeDeliveries =
  (project: string, filters: DeliveryFilters) =>
  async (ids: string[], signal?: AbortSignal): Promise<Delivery[]> =>
    (
      await answered(
        api.GET("/api/v1/projects/{project}/deliveries", {
          params: {
            path: { project },
            query: { ...queryOf(filters), ids: ids.join(), limit: ids.length },
          },
          signal,
        }),
      )
    ).items;

export const countsQuery = (project: string, filters: DeliveryFilters) =>
  queryOptions({
    queryKey: ["delivery-counts", project, filters],
    staleTime: COUNTS_MILLISECONDS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/deliveries/counts", {
          params: { path: { project }, query: queryOf(filters) },
          signal,
        }),
      ),
  });

export const fetchDelivery = (project: string, delivery: string, signal?: AbortSignal) =>
  answered(
    api.GET("/api/v1/projects/{project}/deliveries/{delivery}", {
      params: { path: { project, delivery } },
      signal,
    }),
  );

export const deliveryQuery = (project: string, delivery: string) =>
  queryOptions({
    queryKey: ["delivery", project, delivery],
    queryFn: ({ signal }) => fetchDelivery(project, delivery, signal),
  });

export const attemptsQuery = (project: string, delivery: string) =>
  queryOptions({
    queryKey: ["delivery", project, delivery, "attempts"],
    queryFn: async ({ signal }) =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/deliveries/{delivery}/attempts", {
            params: { path: { project, delivery } },
            signal,
          }),
        )
      ).items,
  });

export type AttemptSide = "request" | "response";

/** Where the exact bytes of an attempt are. */
export const attemptPath = (project: string, delivery: string, number: number, side: AttemptSide) =>
  `/api/v1/projects/${encodeURIComponent(project)}/deliveries/${delivery}/attempts/${number}/${side}`;

export const attemptBodyQuery = (
  project: string,
  delivery: string,
  number: number,
  side: AttemptSide,
) =>
  queryOptions({
    queryKey: ["delivery", project, delivery, "attempts", number, side],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const blob = await bytes(attemptPath(project, delivery, number, side), signal);
      return readPayload(new Uint8Array(await blob.arrayBuffer()));
    },
  });

/** What two attempts sent, compared by the hub. */
export const sentTwiceQuery = (project: string, delivery: string, number: number, other: number) =>
  queryOptions({
    queryKey: ["delivery", project, delivery, "attempts", number, "difference", other],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const path = `/api/v1/projects/${encodeURIComponent(project)}/deliveries/${delivery}/attempts/${number}/difference`;
      return readSentTwice(parseJson(await text(`${path}?with=${other}`, signal)));
    },
  });

/** The message that a delivery came of; nothing is asked where none set it off. */
export const messageQuery = (project: string, message: string | null) =>
  queryOptions({
    queryKey: ["message", project, message],
    enabled: message !== null,
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/messages/{message}", {
          params: { path: { project, message: message ?? "" } },
          signal,
        }),
      ),
  });

/** Does something with one delivery; the answer is it, or the new one that a resend makes. */
export function actOnOne(
  project: string,
  deed: Deed,
  delivery: string,
  reason: string | null,
): Promise<Delivery> {
  const params = { path: { project, delivery } };
  const body = { reason };
  switch (deed) {
    case "retry":
      return answered(
        api.POST("/api/v1/projects/{project}/deliveries/{delivery}/retry", { params, body }),
      );
    case "cancel":
      return answered(
        api.POST("/api/v1/projects/{project}/deliveries/{delivery}/cancel", { params, body }),
      );
    case "requeue":
      return answered(
        api.POST("/api/v1/projects/{project}/deliveries/{delivery}/requeue", { params, body }),
      );
    case "resend":
      return answered(
        api.POST("/api/v1/projects/{project}/deliveries/{delivery}/resend", { params, body }),
      );
  }
}

/** Filters as an action over many takes them. */
function filterOf(filters: DeliveryFilters): DeliveryFilter {
  return withMoment(filters, new Date());
}

export const previewQuery = (project: string, deed: Deed, filters: DeliveryFilters) =>
  queryOptions({
    queryKey: ["delivery-preview", project, deed, filters],
    // What is there may change at any moment: each dialog counts anew.
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }) =>
      (await answered(
        api.POST("/api/v1/projects/{project}/deliveries/actions", {
          params: { path: { project } },
          body: { action: deed, filter: filterOf(filters), dry_run: true },
          signal,
        }),
      )) as DeliveryPreview,
  });

export const actOnMany = async (
  project: string,
  deed: Deed,
  filters: DeliveryFilters,
  reason: string | null,
): Promise<BulkAction> =>
  (await answered(
    api.POST("/api/v1/projects/{project}/deliveries/actions", {
      params: { path: { project } },
      body: { action: deed, filter: filterOf(filters), wait: false, reason },
    }),
  )) as BulkAction;
