// What the pages of cases ask the hub.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";
import type { Page } from "../../api/types";
import { stringifySearch } from "../../app/search";
import { withMoment } from "../../lists/last";
import type { CasesSearch } from "./routes";

type Schemas = components["schemas"];

export type Case = Schemas["Case"];
export type CaseInFull = Schemas["CaseInFull"];
export type CaseStep = Schemas["CaseStep"];

const PAGE_ROWS = 100;

export type CaseFilters = Omit<CasesSearch, "columns">;

export const casesKey = (project: string, filters: CaseFilters) => ["cases", project, filters];

/** The filters as the hub takes them. */
export function queryOf(filters: CaseFilters, now: Date) {
  const { state, since, until, ...others } = withMoment(filters, now);
  return {
    ...others,
    closed: state === undefined ? undefined : state === "closed",
    modified_since: since,
    modified_until: until,
  };
}

export const fetchCases =
  (project: string, filters: CaseFilters) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<Case>> =>
    answered(
      api.GET("/api/v1/projects/{project}/cases", {
        params: {
          path: { project },
          query: { ...queryOf(filters, new Date()), limit: PAGE_ROWS, cursor: cursor ?? undefined },
        },
        signal,
      }),
    );

/** Where a file of all cases that fit is. */
export function exportPath(project: string, filters: CaseFilters, format: "csv" | "xlsx"): string {
  const path = `/api/v1/projects/${encodeURIComponent(project)}/exports/cases`;
  return `${path}${stringifySearch({ format, ...queryOf(filters, new Date()) })}`;
}

const SAMPLE_ROWS = 100;

/** Some cases of a type, to see which properties they have. */
export const sampleQuery = (project: string, type: string | undefined) =>
  queryOptions({
    queryKey: ["cases-sample", project, type ?? null],
    queryFn: async ({ signal }) =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/cases", {
            params: { path: { project }, query: { type, limit: SAMPLE_ROWS } },
            signal,
          }),
        )
      ).items,
  });

export const caseKey = (project: string, id: string) => ["case", project, id];

export const caseQuery = (project: string, id: string) =>
  queryOptions({
    queryKey: caseKey(project, id),
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/cases/{case}", {
          params: { path: { project, case: id } },
          signal,
        }),
      ),
  });

export const stepsQuery = (project: string, id: string) =>
  infiniteQueryOptions({
    queryKey: [...caseKey(project, id), "history"],
    queryFn: ({ pageParam, signal }): Promise<Page<CaseStep>> =>
      answered(
        api.GET("/api/v1/projects/{project}/cases/{case}/history", {
          params: {
            path: { project, case: id },
            query: { limit: PAGE_ROWS, cursor: pageParam ?? undefined },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });

export const eraseCase = (project: string, id: string, dryRun: boolean) =>
  answered(
    api.DELETE("/api/v1/projects/{project}/cases/{case}", {
      params: { path: { project, case: id }, query: { dry_run: dryRun } },
    }),
  );
