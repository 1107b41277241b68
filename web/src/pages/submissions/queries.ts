// What the pages of submissions ask the hub. Answers are read as text: their numbers must not pass
// through the language's own.
import { queryOptions } from "@tanstack/react-query";
import { answered, api, bytes, text } from "../../api/client";
import type { components } from "../../api/schema";
import type { Page } from "../../api/types";
import { stringifySearch } from "../../app/search";
import type { FilterWord } from "../../lists/ListBar";
import { withMoment } from "../../lists/last";
import { type Difference, readDifferences } from "../../payload/differences";
import { type JsonNode, member, parseJson } from "../../payload/json";
import { readPayload } from "../../payload/read";
import type { SubmissionsSearch } from "./routes";

type Schemas = components["schemas"];
type Exact = "values" | "extra" | "metadata";

/** A submission whose answers are as they were sent. */
export type Submission = Omit<Schemas["Submission"], Exact> & Record<Exact, JsonNode | null>;
export type AttachedFile = Schemas["List_AttachedFile"]["items"][number];
export type ExportFormat = Schemas["ExportFormatName"];

const PAGE_ROWS = 100;

/** The filters of an address, without what only concerns its looks. */
export type SubmissionFilters = Omit<SubmissionsSearch, "columns" | "view">;

export const submissionsKey = (project: string, filters: SubmissionFilters) => [
  "submissions",
  project,
  filters,
];

const listPath = (project: string) => `/api/v1/projects/${encodeURIComponent(project)}/submissions`;

/** A page of submissions. */
export async function submissionsPage(
  project: string,
  filters: SubmissionFilters,
  turn: { limit: number; cursor: string | null; has_position?: boolean },
  signal?: AbortSignal,
): Promise<Page<Submission>> {
  const query = stringifySearch({ ...withMoment(filters, new Date()), ...turn });
  return readPage(await text(`${listPath(project)}${query}`, signal));
}

export const fetchSubmissions =
  (project: string, filters: SubmissionFilters) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<Submission>> =>
    submissionsPage(project, filters, { limit: PAGE_ROWS, cursor }, signal);

/** Reads a list twice: as the language does, and for what must keep its digits. */
export function readPage(json: string): Page<Submission> {
  const page = JSON.parse(json) as Page<Schemas["Submission"]>;
  const items = member(parseJson(json), "items");
  const exact = items?.kind === "array" ? items.items : [];
  return { ...page, items: page.items.map((item, index) => withExact(item, exact[index])) };
}

function withExact(item: Schemas["Submission"], exact: JsonNode | undefined): Submission {
  const part = (name: Exact) => {
    const node = exact === undefined ? undefined : member(exact, name);
    return node === undefined || node.kind === "null" ? null : node;
  };
  return { ...item, values: part("values"), extra: part("extra"), metadata: part("metadata") };
}

const SAMPLE_ROWS = 20;

/** Some submissions of a form, to see what they have where nobody described it. */
export const sampleQuery = (project: string, form: string) =>
  queryOptions({
    queryKey: ["submissions-sample", project, form],
    queryFn: async ({ signal }) =>
      (await submissionsPage(project, { form }, { limit: SAMPLE_ROWS, cursor: null }, signal))
        .items,
  });

const onePath = (project: string, submission: string) =>
  `${listPath(project)}/${encodeURIComponent(submission)}`;

export const submissionKey = (project: string, submission: string) => [
  "submission",
  project,
  submission,
];

export const submissionQuery = (project: string, submission: string) =>
  queryOptions({
    queryKey: submissionKey(project, submission),
    queryFn: async ({ signal }) => {
      const json = await text(onePath(project, submission), signal);
      return withExact(JSON.parse(json) as Schemas["Submission"], parseJson(json));
    },
  });

/** A version, and what it changed; null for the first one. */
export type SubmissionVersion = Omit<
  Schemas["List_SubmissionState"]["items"][number],
  "changes"
> & { changes: Difference[] | null };

/** So many versions are told of; more edits of one form are rare. */
const MOST_VERSIONS = 100;

export const historyQuery = (project: string, submission: string) =>
  queryOptions({
    queryKey: [...submissionKey(project, submission), "history"],
    queryFn: async ({ signal }): Promise<SubmissionVersion[]> => {
      const path = `${onePath(project, submission)}/history?limit=${MOST_VERSIONS}`;
      return readVersions(await text(path, signal));
    },
  });

export function readVersions(json: string): SubmissionVersion[] {
  const { items } = JSON.parse(json) as Schemas["List_SubmissionState"];
  const exact = member(parseJson(json), "items");
  return items.map((item, index) => {
    const node = exact?.kind === "array" ? exact.items[index] : undefined;
    const changes = node === undefined ? undefined : member(node, "changes");
    const isTold = item.changes !== null && changes !== undefined;
    const members = isTold ? [{ key: "differences", value: changes }] : [];
    return {
      ...item,
      changes: isTold ? readDifferences({ kind: "object", members }).differences : null,
    };
  });
}

/** Where the exact form is, as a version of it came in. */
export const originalPath = (project: string, submission: string, version: number) =>
  `${onePath(project, submission)}/original?version=${version}`;

export const originalQuery = (project: string, submission: string, version: number) =>
  queryOptions({
    queryKey: [...submissionKey(project, submission), "original", version],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const blob = await bytes(originalPath(project, submission, version), signal);
      return readPayload(new Uint8Array(await blob.arrayBuffer()));
    },
  });

/** While files are fetched in the background, this asks how far that is. */
const FETCHED_MILLISECONDS = 2000;
/** So often where the next try follows later: a file that is being fetched right now says so too, since
 *  its next try is when this one would be given up. */
const LATER_MILLISECONDS = 10_000;
const SOON_MILLISECONDS = 60_000;

/** Whether a file is known by a link alone. */
export const isElsewhere = ({ sha256, link }: Pick<AttachedFile, "sha256" | "link">): boolean =>
  sha256 === null && link !== null;

/** After which pause files are asked for again; false where none is still to come. */
export function pauseBefore(files: readonly Pick<AttachedFile, "fetch">[], now: Date) {
  const next = files.flatMap(({ fetch }) =>
    fetch?.state === "waiting" ? [Date.parse(fetch.next_attempt_at ?? now.toISOString())] : [],
  );
  if (next.length === 0) {
    return false;
  }
  const isSoon = Math.min(...next) - now.getTime() < SOON_MILLISECONDS;
  return isSoon ? FETCHED_MILLISECONDS : LATER_MILLISECONDS;
}

export const fetchFiles = (project: string, submission: string) =>
  answered(
    api.POST("/api/v1/projects/{project}/submissions/{submission}/fetch", {
      params: { path: { project, submission } },
    }),
  );

export const filesQuery = (project: string, submission: string) =>
  queryOptions({
    queryKey: [...submissionKey(project, submission), "files"],
    queryFn: async ({ signal }): Promise<AttachedFile[]> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/submissions/{submission}/attachments", {
            params: { path: { project, submission } },
            signal,
          }),
        )
      ).items,
    refetchInterval: ({ state }) => pauseBefore(state.data ?? [], new Date()),
  });

export const filePath = (project: string, submission: string, name: string) =>
  `${onePath(project, submission)}/attachments/${encodeURIComponent(name)}`;

const MOST_CASES = 100;

export const casesOfQuery = (project: string, submission: string) =>
  queryOptions({
    queryKey: [...submissionKey(project, submission), "cases"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/submissions/{submission}/cases", {
          params: { path: { project, submission }, query: { limit: MOST_CASES } },
          signal,
        }),
      ),
  });

export type Lifecycle = Schemas["Lifecycle"];
export type LifecycleAction = Schemas["LifecycleAction"];
export type LifecycleEvent = Schemas["LifecycleEvent"];
export type LifecyclePart = Schemas["LifecyclePart"];

export const lifecycleQuery = (project: string, submission: string) =>
  queryOptions({
    queryKey: [...submissionKey(project, submission), "lifecycle"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/projects/{project}/submissions/{submission}/lifecycle", {
          params: { path: { project, submission } },
          signal,
        }),
      ),
  });

/** Does what the lifecycle allows; where that erases the submission there is no answer. */
export const actOnSubmission = (
  project: string,
  submission: string,
  body: Schemas["DoLifecycleAction"],
) =>
  answered(
    api.POST("/api/v1/projects/{project}/submissions/{submission}/lifecycle", {
      params: { path: { project, submission } },
      body,
    }),
  );

/** Adds a file. It is sent part by part, as a page would. */
export const attachToSubmission = (
  project: string,
  submission: string,
  action: string,
  file: File,
) => {
  const parts = new FormData();
  parts.append("action", action);
  parts.append("file", file, file.name);
  return answered(
    api.POST("/api/v1/projects/{project}/submissions/{submission}/lifecycle", {
      params: { path: { project, submission } },
      body: { kind: "attach", action },
      bodySerializer: () => parts,
    }),
  );
};

/** Changes the answers that are named; the others stay. */
export const changeAnswers = (
  project: string,
  submission: string,
  action: string,
  data: Readonly<Record<string, unknown>>,
) => {
  // Of `data` the description of the API says no more than that it is an object.
  const body = { kind: "edit", action, data: data as Record<string, never> };
  return answered(
    api.POST("/api/v1/projects/{project}/submissions/{submission}/lifecycle", {
      params: { path: { project, submission } },
      body,
    }),
  );
};

export const eraseSubmission = (project: string, submission: string, dryRun: boolean) =>
  answered(
    api.DELETE("/api/v1/projects/{project}/submissions/{submission}", {
      params: { path: { project, submission }, query: { dry_run: dryRun } },
    }),
  );

/** Where a file of all that fits is. Exports do not take all that is filtered by: see `leftOut`. */
export function exportPath(
  project: string,
  form: string,
  filters: SubmissionFilters,
  format: ExportFormat,
): string {
  const { since, until, has_position, where } = withMoment(filters, new Date());
  const path = `/api/v1/projects/${encodeURIComponent(project)}/forms/${encodeURIComponent(form)}/export`;
  return `${path}${stringifySearch({ format, since, until, has_position, where })}`;
}

const NOT_EXPORTED = new Set(["source", "user", "instance_id", "text"]);

/** Those of the filters in force that exports do not take, by what they are called. */
export const leftOut = (filters: readonly Pick<FilterWord, "key" | "text">[]): string[] =>
  filters.filter(({ key }) => NOT_EXPORTED.has(key)).map(({ text }) => text);
