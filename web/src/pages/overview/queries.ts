// What the overview asks the hub, and what can be done from it.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import { midnight, stretchOf } from "./days";
import type { Span } from "./routes";

/** Without events, the page looks again this often: spans of time pass by themselves. */
const AGAIN_MILLISECONDS = 30_000;
export const OVERVIEW_KEY = "overview";

export const overviewQuery = (project: string) =>
  queryOptions({
    queryKey: [OVERVIEW_KEY, project, "look"],
    refetchInterval: AGAIN_MILLISECONDS,
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/overview", {
          params: { path: { project }, query: { today: midnight(new Date()).toISOString() } },
          signal,
        }),
      ),
  });

export const trafficQuery = (project: string, span: Span) =>
  queryOptions({
    queryKey: [OVERVIEW_KEY, project, "traffic", span],
    placeholderData: keepPreviousData,
    refetchInterval: AGAIN_MILLISECONDS,
    queryFn: async ({ signal }) => {
      const { from, step } = stretchOf(span, new Date());
      const traffic = await answered(
        api.GET("/api/v1/projects/{project}/traffic", {
          params: { path: { project }, query: { from: from.toISOString(), step } },
          signal,
        }),
      );
      return { span, traffic };
    },
  });

/** Incidents that last. There are as many as there are sources and connections at most. */
export const openIncidentsQuery = (project: string) =>
  queryOptions({
    queryKey: [OVERVIEW_KEY, project, "incidents"],
    queryFn: async ({ signal }) =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/incidents", {
            params: { path: { project }, query: { state: "open", limit: 500 } },
            signal,
          }),
        )
      ).items,
  });
