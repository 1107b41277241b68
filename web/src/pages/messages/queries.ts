// What the pages of messages ask the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api, bytes, text } from "../../api/client";
import type { components } from "../../api/schema";
import type { BulkAction, DeliveryPreview, Message, Page } from "../../api/types";
import { withMoment } from "../../lists/last";
import { type Differences, readDifferences } from "../../payload/differences";
import { parseJson } from "../../payload/json";
import { readPayload, readText } from "../../payload/read";
import type { MessagesSearch } from "./routes";

type ReplayFilter = components["schemas"]["ReplayFilter"];

const PAGE_ROWS = 100;

/** The filters of an address, without what only concerns its looks. */
export type MessageFilters = Omit<MessagesSearch, "columns">;

export const messagesKey = (project: string, filters: MessageFilters) => [
  "messages",
  project,
  filters,
];

export const fetchMessages =
  (project: string, filters: MessageFilters) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<Message>> =>
    answered(
      api.GET("/api/v1/projects/{project}/messages", {
        params: {
          path: { project },
          query: {
            ...withMoment(filters, new Date()),
            limit: PAGE_ROWS,
            cursor: cursor ?? undefined,
          },
        },
        signal,
      }),
    );

export const timelineQuery = (project: string, message: string) =>
  queryOptions({
    queryKey: ["message", project, message, "timeline"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/messages/{message}/timeline", {
          params: { path: { project, message } },
          signal,
        }),
      ),
  });

export const requestQuery = (project: string, message: string) =>
  queryOptions({
    queryKey: ["message", project, message, "request"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/messages/{message}/request", {
          params: { path: { project, message } },
          signal,
        }),
      ),
  });

/** Where a message's exact bytes are. */
export const bodyPath = (project: string, message: string) =>
  `/api/v1/projects/${encodeURIComponent(project)}/messages/${message}/body`;

export const bodyQuery = (project: string, message: string) =>
  queryOptions({
    queryKey: ["message", project, message, "body"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const blob = await bytes(bodyPath(project, message), signal);
      return readPayload(new Uint8Array(await blob.arrayBuffer()));
    },
  });

/** Read as text, like the parsed view: the values keep their digits. */
export const differenceQuery = (project: string, message: string, other: string) =>
  queryOptions({
    queryKey: ["message", project, message, "difference", other],
    queryFn: async ({ signal }): Promise<Differences> => {
      const path = `/api/v1/projects/${encodeURIComponent(project)}/messages/${message}/difference`;
      const found = parseJson(await text(`${path}?with=${other}`, signal));
      return readDifferences(found);
    },
  });

/** The parsed view is read as text: its numbers must not pass through the language's own. */
export const viewQuery = (project: string, message: string) =>
  queryOptions({
    queryKey: ["message", project, message, "view"],
    queryFn: async ({ signal }) => {
      const path = `/api/v1/projects/${encodeURIComponent(project)}/messages/${message}/view`;
      return readText(await (await bytes(path, signal)).text());
    },
  });

/** What a replay of many takes of the filters of the list. */
function replayFilterOf(filters: MessageFilters): ReplayFilter {
  return withMoment(filters, new Date());
}

/** How many messages would be looked at. */
export const replayPreviewQuery = (project: string, filters: MessageFilters, forwarder: string) =>
  queryOptions({
    queryKey: ["replay-preview", project, filters, forwarder],
    // What is there may change at any moment: each dialog counts anew.
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }) =>
      (await answered(
        api.POST("/api/v1/projects/{project}/messages/actions", {
          params: { path: { project } },
          body: { action: "replay", filter: replayFilterOf(filters), forwarder, dry_run: true },
          signal,
        }),
      )) as DeliveryPreview,
  });

export const replayMany = async (
  project: string,
  filters: MessageFilters,
  forwarder: string,
  rate: number | null,
  reason: string | null,
): Promise<BulkAction> =>
  (await answered(
    api.POST("/api/v1/projects/{project}/messages/actions", {
      params: { path: { project } },
      body: {
        action: "replay",
        filter: replayFilterOf(filters),
        forwarder,
        rate,
        reason,
        wait: false,
      },
    }),
  )) as BulkAction;

export const replayMessage = (project: string, message: string, reason: string | null) =>
  answered(
    api.POST("/api/v1/projects/{project}/messages/{message}/replay", {
      params: { path: { project, message } },
      body: { reason },
    }),
  );
