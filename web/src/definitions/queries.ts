// What the pages of sources, connections and forwarders ask the hub. Definitions are read as text:
// numbers in their filters must not pass through the language's own.
import { queryOptions } from "@tanstack/react-query";
import { answered, api, tagged } from "../api/client";
import type { components } from "../api/schema";
import type { Pause } from "../api/types";
import { member, parseJson } from "../payload/json";
import { type Definition, readDefinition, writeDefinition } from "./definition";

type Schemas = components["schemas"];

export type Connection = Omit<Schemas["Connection"], "definition">;
export type Source = Omit<Schemas["Source"], "definition">;
export type Forwarder = Omit<Schemas["Forwarder"], "definition">;
export type ConnectionHealth = Schemas["ConnectionHealth"];
export type SourceHealth = Schemas["SourceHealth"];
export type Lane = Schemas["Lane"];
export type TestResult = Schemas["TestResult"];
export type TestStep = Schemas["TestStep"];
export type FilterTrial = Schemas["FilterTrial"];
export type SourceUrls = Schemas["SourceUrls"];
type Warning = Schemas["Mistake"];

export type Noun =
  | "connections"
  | "sources"
  | "forwarders"
  | "workflows"
  | "form-definitions"
  | "roles"
  | "people";

/** The sections of the project file that are called otherwise than the API calls what stands there:
 *  mistakes are told by the file's words. */
const SECTIONS: Partial<Record<Noun, string>> = { "form-definitions": "forms", people: "users" };

export const sectionOf = (noun: Noun): string => SECTIONS[noun] ?? noun;

/** Everything in the store of answers that has to do with a project's definitions. */
export const definitionsKey = (project: string) => ["definitions", project];

export const connectionsQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "connections"],
    queryFn: async ({ signal }): Promise<Connection[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/connections", {
            params: { path: { project } },
            signal,
          }),
        )
      ).items,
  });

export const sourcesQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "sources"],
    queryFn: async ({ signal }): Promise<Source[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/sources", { params: { path: { project } }, signal }),
        )
      ).items,
  });

export const forwardersQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "forwarders"],
    queryFn: async ({ signal }): Promise<Forwarder[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/forwarders", {
            params: { path: { project } },
            signal,
          }),
        )
      ).items,
  });

/** How sources and connections are doing. */
export const healthQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "health"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/overview", { params: { path: { project } }, signal }),
      ),
  });

export const lanesQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "lanes"],
    queryFn: async ({ signal }) =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/lanes", { params: { path: { project } }, signal }),
        )
      ).items,
  });

/** One of them, with its definition as it was sent. */
export interface Defined {
  name: string;
  definition: Definition;
  /** Which save of it this is. */
  tag: string | null;
  paused: boolean;
  /** Who paused it and why, where that is known. */
  pause: Pause | null;
  warnings: Warning[];
  unsubscribed: string[];
}

export const definedQuery = (project: string, noun: Noun, name: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), noun, name],
    queryFn: async ({ signal }) =>
      readDefined(name, await tagged(pathOf(project, noun, name), signal)),
  });

export const pathOf = (project: string, noun: Noun, name: string) =>
  `/api/v1/projects/${encodeURIComponent(project)}/${noun}/${encodeURIComponent(name)}`;

function readDefined(name: string, { body, tag }: { body: string; tag: string | null }): Defined {
  const shown = JSON.parse(body) as Partial<Defined>;
  const definition = member(parseJson(body), "definition");
  return {
    name,
    definition: definition === undefined ? {} : readDefinition(definition),
    tag,
    paused: shown.paused ?? false,
    pause: shown.pause ?? null,
    warnings: shown.warnings ?? [],
    unsubscribed: shown.unsubscribed ?? [],
  };
}

export const urlsQuery = (project: string, source: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "sources", source, "urls"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/sources/{source}/urls", {
          params: { path: { project, source } },
          signal,
        }),
      ),
  });

/** A request whose body was written here, with its numbers as they are. */
const written = (body: string) => ({ body: {}, bodySerializer: () => body });

/** What must be there for a change to be made: nothing of that name yet, or the save that was seen.
 *  Null is whatever is there. */
export type Expected = "nothing" | { tag: string } | null;

const conditionOf = (expected: Expected) =>
  expected === null
    ? {}
    : expected === "nothing"
      ? { "if-none-match": "*" }
      : { "if-match": expected.tag };

export const expecting = ({ tag }: Defined): Expected => (tag === null ? null : { tag });

export async function save(
  project: string,
  noun: Noun,
  name: string,
  definition: Definition,
  expected: Expected,
): Promise<void> {
  const request = written(writeDefinition(definition));
  const header = conditionOf(expected);
  switch (noun) {
    case "connections":
      await answered(
        api.PUT("/api/v1/projects/{project}/connections/{connection}", {
          params: { path: { project, connection: name }, header },
          ...request,
        }),
      );
      break;
    case "sources":
      await answered(
        api.PUT("/api/v1/projects/{project}/sources/{source}", {
          params: { path: { project, source: name }, header },
          ...request,
        }),
      );
      break;
    case "forwarders":
      await answered(
        api.PUT("/api/v1/projects/{project}/forwarders/{forwarder}", {
          params: { path: { project, forwarder: name }, header },
          ...request,
        }),
      );
      break;
    case "workflows":
      await answered(
        api.PUT("/api/v1/projects/{project}/workflows/{workflow}", {
          params: { path: { project, workflow: name }, header },
          ...request,
        }),
      );
      break;
    case "form-definitions":
      await answered(
        api.PUT("/api/v1/projects/{project}/form-definitions/{form}", {
          params: { path: { project, form: name }, header },
          ...request,
        }),
      );
      break;
    case "roles":
      await answered(
        api.PUT("/api/v1/projects/{project}/roles/{role}", {
          params: { path: { project, role: name }, header },
          ...request,
        }),
      );
      break;
    case "people":
      await answered(
        api.PUT("/api/v1/projects/{project}/people/{person}", {
          params: { path: { project, person: name }, header },
          ...request,
        }),
      );
      break;
  }
}

export function remove(project: string, noun: Noun, name: string): Promise<unknown> {
  switch (noun) {
    case "connections":
      return answered(
        api.DELETE("/api/v1/projects/{project}/connections/{connection}", {
          params: { path: { project, connection: name } },
        }),
      );
    case "sources":
      return answered(
        api.DELETE("/api/v1/projects/{project}/sources/{source}", {
          params: { path: { project, source: name } },
        }),
      );
    case "forwarders":
      return answered(
        api.DELETE("/api/v1/projects/{project}/forwarders/{forwarder}", {
          params: { path: { project, forwarder: name } },
        }),
      );
    case "workflows":
      return answered(
        api.DELETE("/api/v1/projects/{project}/workflows/{workflow}", {
          params: { path: { project, workflow: name } },
        }),
      );
    case "form-definitions":
      return answered(
        api.DELETE("/api/v1/projects/{project}/form-definitions/{form}", {
          params: { path: { project, form: name } },
        }),
      );
    case "roles":
      return answered(
        api.DELETE("/api/v1/projects/{project}/roles/{role}", {
          params: { path: { project, role: name } },
        }),
      );
    case "people":
      return answered(
        api.DELETE("/api/v1/projects/{project}/people/{person}", {
          params: { path: { project, person: name } },
        }),
      );
  }
}

export type Deed = "pause" | "resume" | "try-now";

/** Pauses or resumes, or has a destination tried at once. */
export async function act(
  project: string,
  noun: Noun,
  name: string,
  deed: Deed,
  reason: string | null,
): Promise<void> {
  const body = { reason };
  const connection = { params: { path: { project, connection: name } }, body };
  const forwarder = { params: { path: { project, forwarder: name } }, body };
  if (deed === "try-now") {
    await answered(
      api.POST("/api/v1/projects/{project}/connections/{connection}/try-now", {
        params: { path: { project, connection: name } },
      }),
    );
  } else if (noun === "workflows") {
    const workflow = { params: { path: { project, workflow: name } }, body };
    await answered(api.POST(`/api/v1/projects/{project}/workflows/{workflow}/${deed}`, workflow));
  } else if (noun === "connections") {
    await answered(
      api.POST(`/api/v1/projects/{project}/connections/{connection}/${deed}`, connection),
    );
  } else {
    await answered(
      api.POST(`/api/v1/projects/{project}/forwarders/{forwarder}/${deed}`, forwarder),
    );
  }
}

/** Tries a connection; with a definition, one that is not saved. */
export function testConnection(
  project: string,
  name: string,
  definition: Definition | null,
): Promise<TestResult> {
  const body =
    definition === null ? "{}" : `{"definition":${writeDefinition(withoutPause(definition))}}`;
  return answered(
    api.POST("/api/v1/projects/{project}/connections/{connection}/test", {
      params: { path: { project, connection: name } },
      ...written(body),
    }),
  );
}

/** Pausing is a deed of its own, so that saving a form does not undo what happened meanwhile. */
export function withoutPause({ paused: _, ...definition }: Definition): Definition {
  return definition;
}

export function tryFilter(project: string, filter: Definition): Promise<FilterTrial> {
  return answered(
    api.POST("/api/v1/projects/{project}/filters/try", {
      params: { path: { project } },
      ...written(writeDefinition(filter)),
    }),
  );
}
