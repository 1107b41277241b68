// The fields of a form by which lists of its submissions are quick: what there is, and what could be.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";
import { type FormField, formKey } from "../../filed/queries";

export type IndexedPath = components["schemas"]["IndexedPath"];

/** A form can have so many; the hub refuses more. */
export const MOST_INDEXED = 8;
/** While what was filled in before is gone through in the background, this asks how far it is. */
const AGAIN_MILLISECONDS = 2000;

export const indexedQuery = (project: string, form: string) =>
  queryOptions({
    queryKey: [...formKey(project, form), "indexed"],
    queryFn: async ({ signal }): Promise<IndexedPath[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/forms/{form}/indexed", {
            params: { path: { project, form } },
            signal,
          }),
        )
      ).paths,
    refetchInterval: ({ state }) =>
      state.data?.some(({ complete }) => !complete) === true ? AGAIN_MILLISECONDS : false,
  });

/** What the fields shall be, from what they are. */
export type Turn = (paths: string[]) => string[];

/** They are named as a whole: somebody else may have named others since this page looked. */
export async function turnIndexed(
  project: string,
  form: string,
  turn: Turn,
): Promise<IndexedPath[]> {
  const params = { path: { project, form } };
  const { paths } = await answered(
    api.GET("/api/v1/projects/{project}/forms/{form}/indexed", { params }),
  );
  const answer = await answered(
    api.PUT("/api/v1/projects/{project}/forms/{form}/indexed", {
      params,
      body: { paths: turn(paths.map(({ path }) => path)) },
    }),
  );
  return answer.paths;
}

/** The answers that lists can go by: each submission has one of them, or none. Those of repeats and
 *  of several choices are lists, into which no condition looks. */
export function indexable(fields: readonly FormField[]): string[] {
  return fields
    .filter(({ kind, repeat }) => kind === "answer" && repeat === null)
    .filter(({ type }) => !MANY.has(type ?? "text"))
    .map(({ path }) => path);
}

/** What an answer of these types is, is no single value. */
const MANY = new Set(["select-many", "rank", "geopoint", "geotrace", "geoshape"]);
