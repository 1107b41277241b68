// The way to the hub. Requests are checked against the description of the API; what goes wrong is
// thrown as a `Problem`. The session travels in a cookie that scripts cannot read.
import createClient from "openapi-fetch";
import { problemOf } from "./problem";
import type { paths } from "./schema";

export const api = createClient<paths>({ credentials: "same-origin" });

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of an answer; throws what the hub says where there is none. */
export async function answered<Data>(request: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await request;
  if (!response.ok) {
    throw problemOf(error, response);
  }
  return data as Data;
}

/** A body as it is: exact bytes are for people to look at, never for the page to run. */
export async function text(path: string, signal?: AbortSignal): Promise<string> {
  return (await exact(path, signal)).text();
}

/** A body as it is, and the tag that says which one it was: a change can be bound to it. */
export async function tagged(
  path: string,
  signal?: AbortSignal,
): Promise<{ body: string; tag: string | null }> {
  const response = await exact(path, signal);
  return { body: await response.text(), tag: response.headers.get("etag") };
}

/** A body's bytes, in memory. */
export async function bytes(path: string, signal?: AbortSignal): Promise<Blob> {
  return (await exact(path, signal)).blob();
}

/** What is answered to JSON that was written here, as text: its numbers are not read by the language. */
export async function exchanged(path: string, body: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  return (await exact(path, undefined, { method: "POST", headers, body })).text();
}

async function exact(
  path: string,
  signal: AbortSignal | undefined,
  request: RequestInit = {},
): Promise<Response> {
  const response = await fetch(path, {
    ...request,
    credentials: "same-origin",
    signal: signal ?? null,
  });
  if (!response.ok) {
    const body: unknown = await response.json().catch(() => null);
    throw problemOf(body, response);
  }
  return response;
}
