// What the pages of actions ask the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { BulkAction, Page } from "../../api/types";

const PAGE_ROWS = 50;
/** What runs is looked at again this often. */
const AGAIN_MILLISECONDS = 1000;

export const fetchActions =
  (project: string) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<BulkAction>> =>
    answered(
      api.GET("/api/v1/projects/{project}/deliveries/actions", {
        params: {
          path: { project },
          query: { limit: PAGE_ROWS, cursor: cursor ?? undefined },
        },
        signal,
      }),
    ).then(({ items, next }) => ({ items, next }));

export const actionQuery = (project: string, action: string) =>
  queryOptions({
    queryKey: ["action", project, action],
    queryFn: ({ signal }): Promise<BulkAction> =>
      answered(
        api.GET("/api/v1/projects/{project}/deliveries/actions/{action}", {
          params: { path: { project, action } },
          signal,
        }),
      ),
    refetchInterval: (query) =>
      query.state.data?.state === "running" ? AGAIN_MILLISECONDS : false,
  });

export const stopAction = (project: string, action: string) =>
  answered(
    api.POST("/api/v1/projects/{project}/deliveries/actions/{action}/stop", {
      params: { path: { project, action } },
    }),
  );
