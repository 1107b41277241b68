// The adaptor `odk`, for ODK Central. Names, arguments and results are those of @openfn/language-odk.

import { expandReferences } from "@openfn/language-common/util";
import { execute as inSeries, nextState } from "@openfn/language-common/service";
import { request as send, session } from "@openfn/language-odk/client";

export * from "@openfn/language-common";

export const execute = (...operations) => inSeries(session.signIn(), ...operations);

/**
 * Asks for the submissions of a form. With `$top` in the query there are so many of them; without it
 * all, however many pages the server makes of them.
 * @example getSubmissions(22, "visits", { $filter: `__system/submissionDate gt ${$.cursor}`, $expand: "*" })
 */
export function getSubmissions(projectId, xmlFormId, query = {}) {
  return async (state) => {
    const [project, form, asked] = expandReferences(state, projectId, xmlFormId, query);
    const path = `v1/projects/${project}/forms/${encodeURIComponent(form)}.svc/Submissions`;
    let answer = await send(state, "GET", path, null, { query: asked });
    const { "@odata.context": context } = answer.body;
    const rows = [...answer.body.value];
    while (answer.body["@odata.nextLink"] && asked?.$top === undefined) {
      answer = await send(state, "GET", path, null, { query: { ...asked, ...nextOf(answer.body) } });
      for (const row of answer.body.value) rows.push(row);
    }
    return nextState(state, { ...answer, "@odata.context": context, body: rows });
  };
}

// The place to go on from. The rest of the link is as we asked, and may name a host that only the
// server knows.
function nextOf({ "@odata.nextLink": link }) {
  const pairs = [...link.matchAll(/[?&](?:\$|%24)(skiptoken|top|skip)=([^&#]*)/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [`$${name}`, decodeURIComponent(value)]));
}

/**
 * Asks for all forms of a project.
 * @example getForms(22)
 */
export function getForms(projectId) {
  return async (state) => {
    const [project] = expandReferences(state, projectId);
    return nextState(state, await send(state, "GET", `v1/projects/${project}/forms`));
  };
}

/**
 * Makes any request. The options are `query`, `headers`, `parseAs` and `timeout`.
 * @example request("PATCH", `v1/projects/22/forms/visits/submissions/${$.data.id}`, { reviewState: "approved" })
 */
export function request(method, path, body, options = {}) {
  return async (state) => {
    const [verb, way, data, given] = expandReferences(state, method, path, body, options);
    return nextState(state, await send(state, verb.toUpperCase(), way, data, given));
  };
}

/**
 * Asks for anything.
 * @example get("v1/projects", { query: { datasets: true } })
 */
export function get(path, options = {}) {
  return request("GET", path, null, options);
}

/**
 * Posts data anywhere.
 * @example post("v1/projects", { name: "Clinics" })
 */
export function post(path, body, options = {}) {
  return request("POST", path, body, options);
}
