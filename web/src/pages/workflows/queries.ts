// What the pages of workflows ask the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api, text } from "../../api/client";
import type { components } from "../../api/schema";
import { type Definition, readDefinition } from "../../definitions/definition";
import { definitionsKey, pathOf } from "../../definitions/queries";
import { member, parseJson } from "../../payload/json";
import type { Run } from "../runs/types";

type Schemas = components["schemas"];

/** With its definition as the list has it: for words, not to be changed. */
export type Workflow = Omit<Schemas["Workflow"], "definition"> & { definition: Definition };

export const workflowsQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "workflows"],
    queryFn: async ({ signal }) =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/workflows", {
            params: { path: { project } },
            signal,
          }),
        )
      ).items as Workflow[],
  });

export type Version = Schemas["WorkflowVersion"];

/** A page of versions has room for those of years. */
const MOST_VERSIONS = 500;

export const versionsQuery = (project: string, workflow: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "workflows", workflow, "versions"],
    queryFn: async ({ signal }) =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/workflows/{workflow}/versions", {
            params: { path: { project, workflow }, query: { limit: MOST_VERSIONS } },
            signal,
          }),
        )
      ).items,
  });

/** The definition of one version; it never changes. */
export const versionQuery = (project: string, workflow: string, version: number) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "workflows", workflow, "versions", version],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<Definition> => {
      const path = `${pathOf(project, "workflows", workflow)}/versions/${version}`;
      const definition = member(parseJson(await text(path, signal)), "definition");
      return definition === undefined ? {} : readDefinition(definition);
    },
  });

/** What a run begins with: the newest definition decides where nothing is said of a version. */
export interface Begin {
  /** JSON. */
  state?: string;
  message?: string;
  /** An earlier run, whose input it begins with. */
  run?: string;
  /** The number of an execution of a step in that run, whose input it begins with. */
  step?: number;
  /** The step that it begins with; its start, where nothing is said. */
  from_step?: string;
  version?: number;
}

export function startRun(
  project: string,
  workflow: string,
  { state, ...others }: Begin,
): Promise<Run> {
  // The state is sent as it was written: its numbers keep their digits.
  const rest = JSON.stringify(others).slice(1, -1);
  const parts = [...(state === undefined ? [] : [`"state":${state}`]), ...(rest ? [rest] : [])];
  return answered(
    api.POST("/api/v1/projects/{project}/workflows/{workflow}/runs", {
      params: { path: { project, workflow } },
      body: {},
      bodySerializer: () => `{${parts.join()}}`,
    }),
  );
}

/** A function that an adaptor gives to jobs. */
export type AdaptorFunction = Schemas["AdaptorFunction"];
export type Adaptor = Schemas["Adaptor"];

export const adaptorsQuery = queryOptions({
  queryKey: ["adaptors"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async ({ signal }) => (await answered(api.GET("/api/v1/adaptors", { signal }))).items,
});

export type DueTime = Schemas["DueTime"];
export type CheckedSchedule = Schemas["CheckedSchedule"];

export const checkSchedule = (
  project: string,
  cron: string,
  time_zone: string,
  signal: AbortSignal,
): Promise<CheckedSchedule> =>
  answered(
    api.POST("/api/v1/projects/{project}/schedules/check", {
      params: { path: { project } },
      body: { cron, time_zone },
      signal,
    }),
  );

export type JobProblem = Schemas["JobProblem"];
export type JobCheck = Schemas["CheckedJob"];

export const checkJob = (
  project: string,
  adaptors: readonly string[],
  job: string,
): Promise<JobCheck> =>
  answered(
    api.POST("/api/v1/projects/{project}/jobs/check", {
      params: { path: { project } },
      body: { adaptors: [...adaptors], job },
    }),
  );
