// What the pages of a project's own forms ask the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api, exchanged } from "../../../api/client";
import type { components } from "../../../api/schema";
import { type Definition, readDefinition } from "../../../definitions/definition";
import { definitionsKey } from "../../../definitions/queries";
import { member, parseJson } from "../../../payload/json";

type Schemas = components["schemas"];

export type DefinedForm = Omit<Schemas["DefinedForm"], "definition">;

export const formDefinitionsQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "form-definitions"],
    queryFn: async ({ signal }): Promise<DefinedForm[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/form-definitions", {
            params: { path: { project } },
            signal,
          }),
        )
      ).items,
  });

/** What an author has to add, or what the hub would say against what was read. */
export interface Lacking {
  path: string;
  what: string;
}

/** A form of another system as it was read. Nothing of it is saved. */
export interface FormRead {
  name: string;
  definition: Definition;
  missing: Lacking[];
}

/** Reads what a w.c.s. says of a form. The text is JSON, and goes on with its numbers as they are. */
export async function readSchema(project: string, schema: string): Promise<FormRead> {
  const path = `/api/v1/projects/${encodeURIComponent(project)}/form-definitions/read`;
  const body = await exchanged(path, `{"schema":${schema}}`);
  const { name, missing, problems } = JSON.parse(body) as {
    name: string;
    missing: Lacking[];
    problems: { path: string; message: string }[];
  };
  const definition = member(parseJson(body), "definition");
  const against = problems.map(({ path: at, message }) => ({ path: at, what: message }));
  return {
    name,
    definition: definition === undefined ? {} : readDefinition(definition),
    missing: [...missing, ...against],
  };
}
