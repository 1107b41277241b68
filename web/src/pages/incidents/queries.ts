// What the pages of incidents ask the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { Incident, Page } from "../../api/types";
import type { IncidentsSearch } from "./routes";

const PAGE_ROWS = 50;

export type IncidentFilters = Omit<IncidentsSearch, "columns">;

/** Incidents that are over; those that last stand above them, all at once. */
export const fetchPast =
  (project: string, filters: IncidentFilters) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<Incident>> =>
    answered(
      api.GET("/api/v1/projects/{project}/incidents", {
        params: {
          path: { project },
          query: { ...filters, state: "recovered", limit: PAGE_ROWS, cursor: cursor ?? undefined },
        },
        signal,
      }),
    ).then(({ items, next }) => ({ items, next }));

export const incidentQuery = (project: string, incident: string) =>
  queryOptions({
    queryKey: ["incident", project, incident],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/incidents/{incident}", {
          params: { path: { project, incident } },
          signal,
        }),
      ),
  });

export const incidentTrafficQuery = (project: string, incident: string) =>
  queryOptions({
    queryKey: [...incidentQuery(project, incident).queryKey, "traffic"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/incidents/{incident}/traffic", {
          params: { path: { project, incident } },
          signal,
        }),
      ),
  });

export const closeIncident = (project: string, incident: string) =>
  answered(
    api.POST("/api/v1/projects/{project}/incidents/{incident}/close", {
      params: { path: { project, incident } },
    }),
  );
