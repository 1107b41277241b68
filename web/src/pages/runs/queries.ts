// What the pages of runs ask the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api, bytes } from "../../api/client";
import type { BulkAction, DeliveryPreview, Page } from "../../api/types";
import { withMoment } from "../../lists/last";
import { readPayload } from "../../payload/read";
import type { RunsSearch } from "./routes";
import { isFinal, type LogLine, type Run, type RunState } from "./types";

const PAGE_ROWS = 100;
/** So many lines of a log are asked for at once. */
const PAGE_LINES = 500;
/** A page shows so many lines at the most; the whole of a longer log is a file. */
const MOST_LINES = 5000;

/** The filters of an address, without what only concerns its looks. */
export type RunFilters = Omit<RunsSearch, "columns">;

/** The filters as the hub takes them. */
const queryOf = (filters: RunFilters) => withMoment(filters, new Date());

export const runsKey = (project: string, filters: RunFilters) => ["runs", project, filters];

export const fetchRuns =
  (project: string, filters: RunFilters, limit = PAGE_ROWS) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<Run>> =>
    answered(
      api.GET("/api/v1/projects/{project}/runs", {
        params: {
          path: { project },
          query: { ...queryOf(filters), limit, cursor: cursor ?? undefined },
        },
        signal,
      }),
    );

/** Those of some runs that fit the filters. */
export const fetchSomeRuns =
  (project: string, filters: RunFilters) =>
  async (ids: string[], signal?: AbortSignal): Promise<Run[]> =>
    (
      await answered(
        api.GET("/api/v1/projects/{project}/runs", {
          params: {
            path: { project },
            query: { ...queryOf(filters), ids: ids.join(), limit: ids.length },
          },
          signal,
        }),
      )
    ).items;

/** The newest runs of something: of a workflow, or of a message. */
export const newestRunsQuery = (project: string, filters: RunFilters, limit: number) =>
  queryOptions({
    queryKey: [...runsKey(project, filters), "newest", limit],
    queryFn: async ({ signal }) => (await fetchRuns(project, filters, limit)(null, signal)).items,
  });

export const runKey = (project: string, run: string) => ["run", project, run];

export const runQuery = (project: string, run: string) =>
  queryOptions({
    queryKey: [...runKey(project, run), "details"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/runs/{run}", {
          params: { path: { project, run } },
          signal,
        }),
      ),
  });

export type StateSide = "input" | "output";

/** Where the exact bytes of a state are. */
export const statePath = (project: string, run: string, number: number, side: StateSide) =>
  `/api/v1/projects/${encodeURIComponent(project)}/runs/${run}/steps/${number}/${side}`;

export const stepStateQuery = (project: string, run: string, number: number, side: StateSide) =>
  queryOptions({
    queryKey: [...runKey(project, run), "steps", number, side],
    queryFn: async ({ signal }) => {
      const blob = await bytes(statePath(project, run, number, side), signal);
      return readPayload(new Uint8Array(await blob.arrayBuffer()));
    },
  });

export interface RunLog {
  lines: LogLine[];
  /** Whether there are more lines than a page shows. */
  more: boolean;
}

/** The log, from its beginning. */
export const runLogQuery = (project: string, run: string) =>
  queryOptions({
    queryKey: [...runKey(project, run), "log"],
    queryFn: async ({ signal }): Promise<RunLog> => {
      const lines: LogLine[] = [];
      while (lines.length < MOST_LINES) {
        const after = lines.at(-1)?.number;
        const { items } = await answered(
          api.GET("/api/v1/projects/{project}/runs/{run}/log", {
            params: { path: { project, run }, query: { after, limit: PAGE_LINES } },
            signal,
          }),
        );
        lines.push(...items);
        if (items.length < PAGE_LINES) {
          return { lines, more: false };
        }
      }
      return { lines, more: true };
    },
  });

export type RetryVersion = "same" | "newest";

export const retryRun = (
  project: string,
  run: string,
  body: { from_step?: number; version: RetryVersion },
): Promise<Run> =>
  answered(
    api.POST("/api/v1/projects/{project}/runs/{run}/retry", {
      params: { path: { project, run } },
      body,
    }),
  );

export const cancelRun = (project: string, run: string, reason: string | null): Promise<Run> =>
  answered(
    api.POST("/api/v1/projects/{project}/runs/{run}/cancel", {
      params: { path: { project, run } },
      body: { reason },
    }),
  );

export const RUN_DEEDS = ["retry", "cancel"] as const;
export type RunDeed = (typeof RUN_DEEDS)[number];

/** Whether something can be done with a run in that state: what goes on is cancelled, what has ended
 *  is begun again. */
export const isAllowed = (deed: RunDeed, state: RunState): boolean =>
  (deed === "retry") === isFinal(state);

export type ManyFilters = RunFilters & { ids?: string };

const filterOf = ({ ids, ...filters }: ManyFilters) => ({
  ...queryOf(filters),
  ...(ids === undefined ? {} : { ids }),
});

/** What an action over many would do, and would pass over. */
export const previewQuery = (project: string, deed: RunDeed, filters: ManyFilters) =>
  queryOptions({
    queryKey: ["run-preview", project, deed, filters],
    // What is there may change at any moment: each dialog counts anew.
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }) =>
      (await answered(
        api.POST("/api/v1/projects/{project}/runs/actions", {
          params: { path: { project } },
          body: { action: deed, filter: filterOf(filters), dry_run: true },
          signal,
        }),
      )) as DeliveryPreview,
  });

export const actOnRuns = async (
  project: string,
  deed: RunDeed,
  filters: ManyFilters,
  reason: string | null,
): Promise<BulkAction> =>
  (await answered(
    api.POST("/api/v1/projects/{project}/runs/actions", {
      params: { path: { project } },
      body: { action: deed, filter: filterOf(filters), wait: false, reason },
    }),
  )) as BulkAction;
