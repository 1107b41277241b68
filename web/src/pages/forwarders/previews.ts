// What is asked to show what a forwarder would send: the draft as it stands in the form, and what it
// could be shown of.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";
import { type Definition, writeDefinition } from "../../definitions/definition";
import { definitionsKey, withoutPause } from "../../definitions/queries";
import { shortened } from "../../design/Identifier";
import type { Brought } from "./events";

export type ForwarderPreview = components["schemas"]["ForwarderPreview"];

/** As many as are worth choosing from. */
const MOST_OFFERED = 20;

/** How the hub calls what a preview is of. */
const SUBJECTS: Record<Brought, string> = {
  message: "message",
  submission: "submission",
  case: "case",
  application: "form",
};

/** What would be sent of one thing, or of the newest that is wanted where none is named. */
export const previewQuery = (
  project: string,
  definition: Definition,
  brought: Brought,
  of: string | null,
) => {
  const subject = of === null ? "" : `,${JSON.stringify(SUBJECTS[brought])}:${JSON.stringify(of)}`;
  const body = `{"definition":${writeDefinition(withoutPause(definition))}${subject}}`;
  return queryOptions({
    queryKey: [...definitionsKey(project), "preview", body],
    placeholderData: keepPreviousData,
    retry: false,
    // What is there may change at any moment.
    staleTime: 0,
    gcTime: 0,
    queryFn: ({ signal }) =>
      answered(
        api.POST("/api/v1/projects/{project}/previews", {
          params: { path: { project } },
          body: { definition: {} },
          bodySerializer: () => body,
          signal,
        }),
      ),
  });
};

/** Something that a forwarder can be shown of. */
export interface Candidate {
  id: string;
  label: string;
  at: string | null;
}

export const candidatesQuery = (project: string, brought: Brought) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "preview-of", brought],
    queryFn: ({ signal }) => candidatesOf(project, brought, signal),
  });

async function candidatesOf(
  project: string,
  brought: Brought,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const options = {
    params: { path: { project }, query: { limit: MOST_OFFERED } },
    signal,
  };
  switch (brought) {
    case "message": {
      const { items } = await answered(api.GET("/api/v1/projects/{project}/messages", options));
      return items.map(({ id, identity, source, received_at: at }) => ({
        id,
        label: `${source} ${identity ?? shortened(id)}`,
        at,
      }));
    }
    case "submission": {
      const { items } = await answered(api.GET("/api/v1/projects/{project}/submissions", options));
      return items.map(({ id, form, number, received_at: at }) => ({
        id,
        label: `${form} ${number}`,
        at,
      }));
    }
    case "case": {
      const { items } = await answered(api.GET("/api/v1/projects/{project}/cases", options));
      return items.map(({ id, type, name, server_modified_at: at }) => ({
        id,
        label: `${type} ${name || shortened(id)}`,
        at,
      }));
    }
    case "application": {
      const { items } = await answered(api.GET("/api/v1/projects/{project}/forms", options));
      return items.map(({ name }) => ({ id: name, label: name, at: null }));
    }
  }
}
