// What pages of forms, submissions and cases ask the hub alike.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../api/client";
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type Form = Schemas["Form"];
export type FormInFull = Schemas["FormInFull"];
export type FormField = Schemas["FormField"];
export type Erased = Schemas["Outcome"];

/** So many forms can be chosen from; others are found by their names in the list of forms. */
const MOST_FORMS = 500;

export const formKey = (project: string, form: string) => ["form", project, form];

export const formQuery = (project: string, form: string) =>
  queryOptions({
    queryKey: formKey(project, form),
    queryFn: ({ signal }): Promise<FormInFull> =>
      answered(
        api.GET("/api/v1/projects/{project}/forms/{form}", {
          params: { path: { project, form } },
          signal,
        }),
      ),
  });

/** The forms of a project, to choose one of. */
export const formsQuery = (project: string) =>
  queryOptions({
    queryKey: ["forms", project, "choices"],
    queryFn: async ({ signal }): Promise<Form[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/forms", {
            params: { path: { project }, query: { limit: MOST_FORMS } },
            signal,
          }),
        )
      ).items,
  });

const SHOWN_DELIVERIES = 20;

/** The newest deliveries that a message set off, or that are about a key, such as a case. */
export const deliveriesOfQuery = (project: string, of: { payload_id: string } | { key: string }) =>
  queryOptions({
    queryKey: ["deliveries", project, "of", of],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/deliveries", {
          params: { path: { project }, query: { ...of, limit: SHOWN_DELIVERIES } },
          signal,
        }),
      ),
  });
