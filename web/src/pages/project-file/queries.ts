// What the page of the project file asks the hub. The file travels as the text that it is.
import { queryOptions } from "@tanstack/react-query";
import { answered, api, text } from "../../api/client";
import type { components } from "../../api/schema";

export type Applied = components["schemas"]["Applied"];
export type Change = Applied["changes"][number];

export const exportPath = (project: string) =>
  `/api/v1/projects/${encodeURIComponent(project)}/export`;

export const fileQuery = (project: string) =>
  queryOptions({
    queryKey: ["project-file", project],
    // What is being read or written must not change under the reader's eyes.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    queryFn: ({ signal }) => text(exportPath(project), signal),
  });

interface HowToApply {
  prune: boolean;
  dryRun: boolean;
}

export const applyFile = (project: string, yaml: string, { prune, dryRun }: HowToApply) =>
  answered(
    api.POST("/api/v1/projects/{project}/apply", {
      params: { path: { project }, query: { prune, dry_run: dryRun } },
      body: yaml,
      bodySerializer: () => yaml,
      headers: { "content-type": "application/yaml" },
    }),
  );
