// The adaptor `wcs`, of our own: forms of w.c.s. (Publik) are listed, pulled as far as they have
// changed, pushed and triggered.

import { expandReferences } from "@openfn/language-common/util";
import { execute as inSeries, nextState } from "@openfn/language-common/service";
import { request as send } from "@openfn/language-wcs/client";
import { Cursor, everyRow } from "@openfn/language-wcs/changes";

export * from "@openfn/language-common";

export const execute = inSeries;

const form = (slug) => `api/forms/${encodeURIComponent(slug)}`;
const record = (slug, id) => `${form(slug)}/${encodeURIComponent(id)}`;

const rowsOf = ({ body }) => (Array.isArray(body) ? body : (body?.data ?? []));

/**
 * Asks for the records of a form, in one request; filters and the like are parameters of the query.
 * @example list("birth-certificate", { filter: "pending", "include-fields": "on", limit: 20 })
 */
export function list(slug, query = {}) {
  return async (state) => {
    const [name, asked] = expandReferences(state, slug, query);
    const answer = await send(state, "GET", `${form(name)}/list`, { query: asked });
    return nextState(state, { ...answer, body: rowsOf(answer) });
  };
}

/**
 * Fetches all records that have changed since the last time, and remembers in `cursor` of the state
 * how far it has come. The options are `anonymise`, `cursor`, `full`, `limit` (records for one
 * request) and `query`.
 * @example pull("birth-certificate", { anonymise: true, query: { filter: "done" } })
 */
export function pull(slug, options = {}) {
  return async (state) => {
    const [name, given] = expandReferences(state, slug, options);
    const { anonymise = false, cursor: from = state.cursor, full = true, query } = given;
    // Pages overlap by a record.
    const limit = Math.max(2, given.limit ?? 100);
    const path = `${form(name)}/list`;
    const cursor = new Cursor(from);
    const asked = { ...(full && { full: "on" }), ...(anonymise && { anonymise: "on" }), ...query, ...cursor.filter() };
    const fetch = async (more) => {
      const answer = await send(state, "GET", path, { query: { ...asked, ...more } });
      return { answer, rows: rowsOf(answer) };
    };
    // What changes from here on is for the next time, whether it is seen now or not.
    const { rows: newest } = anonymise ? { rows: [] } : await fetch({ order_by: "-last_update_time", limit: 1 });
    const { answer, first, rows } = await everyRow(limit, (offset) =>
      fetch({ order_by: "id", limit, ...(offset && { offset }) }),
    );
    const found = cursor.unseen(rows);
    console.log(`${found.length} records of ${name} have changed`);
    const next = nextState(state, { ...answer, body: found });
    return { ...next, cursor: cursor.after(newest.length ? newest : first, rows) };
  };
}

/**
 * Asks for one record.
 * @example get("birth-certificate", $.data.id)
 */
export function get(slug, id, query = {}) {
  return async (state) => {
    const [name, number, asked] = expandReferences(state, slug, id, query);
    return nextState(state, await send(state, "GET", `${record(name, number)}/`, { query: asked }));
  };
}

/**
 * Submits a record of a form: values by the names of their fields. The options are `meta`, `context`
 * and `user`, as the site takes them.
 * @example push("birth-certificate", { first_name: $.data.name }, { context: { channel: "counter" } })
 */
export function push(slug, data, options = {}) {
  return async (state) => {
    const [name, values, others] = expandReferences(state, slug, data, options);
    const path = `api/formdefs/${encodeURIComponent(name)}/submit`;
    return nextState(state, await send(state, "POST", path, { data: { data: values, ...others } }));
  };
}

/**
 * Changes values of a record, as far as its status allows it.
 * @example edit("birth-certificate", $.data.id, { first_name: "Amina" })
 */
export function edit(slug, id, data) {
  return async (state) => {
    const [name, number, values] = expandReferences(state, slug, id, data);
    return nextState(state, await send(state, "POST", `${record(name, number)}/`, { data: { data: values } }));
  };
}

/**
 * Moves a record on by a trigger of its workflow.
 * @example trigger("birth-certificate", $.data.id, "accepted", { decision: "yes" })
 */
export function trigger(slug, id, name, data = {}) {
  return async (state) => {
    const [title, number, jump, values] = expandReferences(state, slug, id, name, data);
    const path = `${record(title, number)}/jump/trigger/${encodeURIComponent(jump)}/`;
    return nextState(state, await send(state, "POST", path, { data: values }));
  };
}

/**
 * Sets off a global action of a record.
 * @example hook("birth-certificate", $.data.id, "reminder", { sent: true })
 */
export function hook(slug, id, name, data = {}) {
  return async (state) => {
    const [title, number, identifier, values] = expandReferences(state, slug, id, name, data);
    const path = `${record(title, number)}/hooks/${encodeURIComponent(identifier)}/`;
    return nextState(state, await send(state, "POST", path, { data: values }));
  };
}

/**
 * Makes any request; the options are `query`, `data`, `headers` and `parseAs`.
 * @example request("GET", "api/formdefs/", { query: { "include-count": "on" } })
 */
export function request(method, path, options = {}) {
  return async (state) => {
    const [verb, way, given] = expandReferences(state, method, path, options);
    return nextState(state, await send(state, verb.toUpperCase(), way, given));
  };
}
