// Requests to DHIS2, with the options of all published versions of the adaptor, and what a server
// says of an import: DHIS2 may take a request and refuse what was in it.

import { logResponse, request as send } from "@openfn/language-common/http";
import { authOf, failure, relative } from "@openfn/language-common/service";

// Options that older versions had and that say nothing here.
const ignored = ["auth", "operationName", "requestConfig", "resourceType", "responseType", "strict"];

/** Options by their purpose; whatever has none is a parameter of the query. */
function sorted(options) {
  const { apiVersion, errors, headers, params, parseAs, query, timeout, ...others } = options ?? {};
  for (const name of ignored) delete others[name];
  const parameters = Object.entries({ ...others, ...params, ...query });
  const given = parameters.filter(([, value]) => value !== undefined && value !== null);
  return { apiVersion, errors, headers, parseAs, timeout, query: Object.fromEntries(given) };
}

const header = (value) => ({ header: { name: "Authorization", value } });
const ownAuth = ({ pat }) => pat && header(`ApiToken ${pat}`);

/** The version of the API that a request is for; nothing for the newest that the server has. */
export const versionOf = (configuration, options) => options?.apiVersion ?? configuration.apiVersion;

function pathOf(configuration, options, parts) {
  const version = versionOf(configuration, options);
  const path = parts.filter((part) => part !== undefined && part !== null && part !== "").map(relative);
  return ["/api", ...(version ? [version] : []), ...path].join("/");
}

/** Makes a request to a path, given in parts, below the API. */
export async function request(state, method, path, options, data) {
  const { configuration } = state;
  const { errors, headers, parseAs = "json", timeout, query } = sorted(options);
  const isPatch = method === "PATCH" && Array.isArray(data);
  const answer = await send(method, pathOf(configuration, options, [path].flat()), {
    baseUrl: configuration.hostUrl ?? configuration.apiUrl,
    auth: authOf(configuration, ownAuth),
    headers: {
      "Content-Type": isPatch ? "application/json-patch+json" : "application/json",
      Accept: "application/json",
      ...headers,
    },
    query,
    body: data,
    parseAs,
    errors,
    timeout,
    maxRedirections: 5,
  });
  return logResponse(answer);
}

// Where the reports of imports of all kinds have those of their parts.
const inner = ["response", "validationReport", "bundleReport", "typeReportMap", "typeReports"];
const parts = ["objectReports", "importSummaries", "enrollments", "events", "relationships"];

/** What a server refused of an import, in its own words. */
export function refusals(report) {
  if (typeof report !== "object" || report === null) return [];
  if (Array.isArray(report)) return report.flatMap(refusals);
  const found = [...(report.conflicts ?? []), ...(report.errorReports ?? [])];
  for (const name of [...inner, ...parts]) {
    const part = report[name];
    found.push(...(name === "typeReportMap" ? Object.values(part ?? {}).flatMap(refusals) : refusals(part)));
  }
  if (!found.length && report.status === "ERROR") {
    found.push({ message: report.description ?? report.message ?? "The import ended with an error" });
  }
  return found;
}

function sentence({ errorCode, message, object, property, value }) {
  const what = message ?? value ?? "refused";
  const where = object ?? property;
  return `${errorCode ? `${errorCode} ` : ""}${where ? `${where}: ` : ""}${what}`;
}

function told(conflicts) {
  const more = conflicts.length > 1 ? ` (and ${conflicts.length - 1} more)` : "";
  return `${sentence(conflicts[0])}${more}`;
}

/** Makes a request that imports something, and fails if anything of it was refused. */
export async function imported(state, method, path, options, data) {
  let answer;
  try {
    answer = await request(state, method, path, options, data);
  } catch (error) {
    const conflicts = refusals(error?.body);
    if (!conflicts.length) throw error;
    error.message = `${error.message}: ${told(conflicts)}`;
    throw Object.assign(error, { conflicts });
  }
  const conflicts = options?.errors === false ? [] : refusals(answer.body);
  if (!conflicts.length) return answer;
  const { body, statusCode, url } = answer;
  throw failure(`DHIS2 took the request and refused what was in it: ${told(conflicts)}`, {
    code: "IMPORT_CONFLICT",
    conflicts,
    statusCode,
    url,
    method,
    body,
  });
}

/** The kinds of objects of the tracker, each with the key of its id. */
export const ids = Object.freeze({
  enrollments: "enrollment",
  events: "event",
  relationships: "relationship",
  trackedEntities: "trackedEntity",
});

/** Sends objects to the tracker. Only an import that is waited for tells what it refused. */
export function track(state, importStrategy, payload, options) {
  return imported(state, "POST", "tracker", { async: false, importStrategy, ...options }, payload);
}
