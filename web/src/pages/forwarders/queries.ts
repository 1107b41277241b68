// What the editor of a forwarder offers to choose from: the forms, cases and applications that are
// there. Whatever else somebody knows of can be typed.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import { definitionsKey } from "../../definitions/queries";

/** As many as are worth choosing from; who looks for another one types its name. */
const MOST_OFFERED = 500;
const CASES_LOOKED_AT = 200;

export const formsQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "forms"],
    queryFn: async ({ signal }) =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/forms", {
            params: { path: { project }, query: { limit: MOST_OFFERED } },
            signal,
          }),
        )
      ).items,
  });

/** The types of the cases that changed last, with the properties that each has. */
export const caseTypesQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "case-types"],
    queryFn: async ({ signal }): Promise<Map<string, string[]>> => {
      const { items } = await answered(
        api.GET("/api/v1/projects/{project}/cases", {
          params: { path: { project }, query: { limit: CASES_LOOKED_AT } },
          signal,
        }),
      );
      const found = new Map<string, Set<string>>();
      for (const { type, properties } of items) {
        const names = found.get(type) ?? new Set<string>();
        Object.keys(properties ?? {}).forEach((name) => {
          names.add(name);
        });
        found.set(type, names);
      }
      return new Map([...found].map(([type, names]) => [type, [...names].sort()]));
    },
  });

/** The fields of a form that has a definition, outside of repeats or in them. */
export const fieldsQuery = (project: string, form: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "forms", form, "fields"],
    enabled: form !== "",
    queryFn: async ({ signal }) =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/forms/{form}", {
            params: { path: { project, form } },
            signal,
          }),
        )
      ).fields ?? [],
  });
