// What the pages of settings and erasures ask the hub. Settings are the keys of the project file
// beside its definitions; they are saved as a project file of those keys alone, so that the hub
// can tell before what a shorter retention would erase.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";
import type { Page, Project } from "../../api/types";
import { type Definition, readDefinition, writeDefinition } from "../../definitions/definition";
import { parseJson, writeJson } from "../../payload/json";

type Schemas = components["schemas"];

export type Erasure = Schemas["Erasure"];
export type ErasureOrder = Schemas["ErasureOrder"];
export type Applied = Schemas["Applied"];
export type Written = Schemas["List_Written"]["items"][number];

export const projectQuery = (project: string) =>
  queryOptions({
    queryKey: ["project", project],
    queryFn: ({ signal }): Promise<Project> =>
      answered(api.GET("/api/v1/projects/{project}", { params: { path: { project } }, signal })),
  });

/** The settings and the title; whether the project is paused is a deed of its own. */
export const settingsQuery = (project: string) =>
  queryOptions({
    queryKey: ["settings", project],
    // A form is filled once; what is typed must not be written over.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    queryFn: async ({ signal }): Promise<Definition> => {
      const path = { params: { path: { project } }, signal };
      const [known, settled] = await Promise.all([
        answered(api.GET("/api/v1/projects/{project}", path)),
        answered(api.GET("/api/v1/projects/{project}/settings", path)),
      ]);
      const { paused: _, ...settings } = readDefinition(parseJson(JSON.stringify(settled)));
      return { title: known.title, ...settings };
    },
  });

/** Saves the settings, or (`dryRun`) tells what saving them would do. */
export const saveSettings = (project: string, settings: Definition, dryRun: boolean) =>
  answered(
    api.POST("/api/v1/projects/{project}/apply", {
      params: { path: { project }, query: { dry_run: dryRun } },
      body: {},
      bodySerializer: () => writeJson(parseJson(writeDefinition({ project, ...settings }))),
    }),
  );

export const sendReport = async (project: string, body: Schemas["ReportOrder"]) =>
  (
    await answered(
      api.POST("/api/v1/projects/{project}/reports", { params: { path: { project } }, body }),
    )
  ).items;

export const erase = (project: string, body: ErasureOrder) =>
  answered(
    api.POST("/api/v1/projects/{project}/erasures", { params: { path: { project } }, body }),
  );

const PAGE_ROWS = 100;

export const erasuresKey = (project: string) => ["erasures", project];

export const fetchErasures =
  (project: string) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<Erasure>> =>
    answered(
      api.GET("/api/v1/projects/{project}/erasures", {
        params: { path: { project }, query: { limit: PAGE_ROWS, cursor: cursor ?? undefined } },
        signal,
      }),
    );
