// Requests to any part of the API of Go.Data.

import { expandReferences } from "@openfn/language-common/util";
import { nextState } from "@openfn/language-common/service";
import { request as send } from "@openfn/language-godata/client";

/**
 * Makes any request; the body is `data` of the options.
 * @example http.request("DELETE", `outbreaks/${$.outbreak}/cases/${$.data.id}`)
 */
export function request(method, path, options = {}) {
  return async (state) => {
    const [verb, way, given = {}] = expandReferences(state, method, path, options);
    return nextState(state, await send(state, verb.toUpperCase(), way, given));
  };
}

/**
 * Asks for anything.
 * @example http.get("outbreaks/343d-dc3e/follow-ups", { query: { filter: JSON.stringify({ limit: 10 }) } })
 */
export function get(path, options = {}) {
  return request("GET", path, options);
}

/** Posts data anywhere. */
export function post(path, data, options = {}) {
  return (state) => request("POST", path, { ...options, data })(state);
}

/** Puts data in the place of other. */
export function put(path, data, options = {}) {
  return (state) => request("PUT", path, { ...options, data })(state);
}
