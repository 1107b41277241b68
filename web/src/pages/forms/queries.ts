// What the pages of forms ask the hub.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import { problemOf } from "../../api/problem";
import type { Page } from "../../api/types";
import type { Form } from "../../filed/queries";
import type { FormsSearch } from "./routes";

const PAGE_ROWS = 100;

export type FormFilters = Omit<FormsSearch, "columns">;

export const formsKey = (project: string, filters: FormFilters) => ["forms", project, filters];

export const fetchForms =
  (project: string, { defined, ...filters }: FormFilters) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<Form>> =>
    answered(
      api.GET("/api/v1/projects/{project}/forms", {
        params: {
          path: { project },
          query: {
            ...filters,
            defined: defined === undefined ? undefined : defined === "yes",
            limit: PAGE_ROWS,
            cursor: cursor ?? undefined,
          },
        },
        signal,
      }),
    );

/** When a form was last filled in, as the hub received it; null where nobody has. It is another time
 *  once there are more submissions. */
export const lastOfFormQuery = (project: string, form: string, submissions: number) =>
  queryOptions({
    queryKey: ["form", project, form, "last", submissions],
    queryFn: async ({ signal }) => {
      const { items } = await answered(
        api.GET("/api/v1/projects/{project}/submissions", {
          params: { path: { project }, query: { form, limit: 1 } },
          signal,
        }),
      );
      return items[0]?.received_at ?? null;
    },
  });

const XML = "application/xml";
/** Endings of files that a form may come as, and what the hub calls them. */
const KINDS: readonly [string, string][] = [
  [".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  [".xls", "application/vnd.ms-excel"],
  [".xml", XML],
  [".json", "application/json"],
];

export const FORM_ENDINGS = KINDS.map(([ending]) => ending).join(",");

/** What a file is, by its name: browsers do not agree on what they call forms. */
export function kindOfFile(name: string): string {
  const found = KINDS.find(([ending]) => name.toLowerCase().endsWith(ending));
  return found?.[1] ?? XML;
}

/** Uploads a form: an XForm, or an XLSForm where the hub can convert it. */
export async function uploadForm(
  project: string,
  file: File,
  application: string | undefined,
): Promise<Form> {
  const query = application === undefined ? "" : `?${new URLSearchParams({ application })}`;
  const path = `/api/v1/projects/${encodeURIComponent(project)}/forms${query}`;
  const body = await change(path, {
    method: "POST",
    headers: { "content-type": kindOfFile(file.name) },
    body: file,
  });
  return body as Form;
}

/** Where the exact bytes of a definition are. */
export const definitionPath = (project: string, form: string, number: number) =>
  `/api/v1/projects/${encodeURIComponent(project)}/forms/${encodeURIComponent(form)}/versions/${number}`;

export const formFilePath = (project: string, form: string, name: string) =>
  `/api/v1/projects/${encodeURIComponent(project)}/forms/${encodeURIComponent(form)}/files/${encodeURIComponent(name)}`;

/** Puts a file under its name in the place of the one that is there. */
export async function putFormFile(project: string, form: string, file: File): Promise<void> {
  await change(formFilePath(project, form, file.name), {
    method: "PUT",
    headers: { "content-type": file.type || "application/octet-stream" },
    body: file,
  });
}

export async function removeFormFile(project: string, form: string, name: string): Promise<void> {
  await change(formFilePath(project, form, name), { method: "DELETE" });
}

/** A request with a file, which is sent as it is read. */
async function change(path: string, request: RequestInit): Promise<unknown> {
  const response = await fetch(path, { ...request, credentials: "same-origin" });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    throw problemOf(body, response);
  }
  return body;
}
