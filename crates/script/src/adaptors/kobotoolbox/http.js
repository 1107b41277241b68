// Requests to any part of the API of KoboToolbox.

import { expandReferences } from "@openfn/language-common/util";
import { nextState } from "@openfn/language-common/service";
import { request as send } from "@openfn/language-kobotoolbox/client";

/**
 * Makes any request.
 * @example http.request("PATCH", `assets/${$.form}/data/bulk/`, { body: { payload: $.data.changes } })
 */
export function request(method, path, options = {}) {
  return async (state) => {
    const [verb, way, given = {}] = expandReferences(state, method, path, options);
    return nextState(state, await send(state, verb.toUpperCase(), way, given));
  };
}

/**
 * Asks for anything.
 * @example http.get("assets/aXecHjmbATuF6iGFmvBLBX/data/1042")
 */
export function get(path, options = {}) {
  return request("GET", path, options);
}

const sending =
  (method) =>
  (path, data, options = {}) =>
  async (state) => {
    const [way, body, given = {}] = expandReferences(state, path, data, options);
    return nextState(state, await send(state, method, way, { data: body, ...given }));
  };

/**
 * Posts data anywhere.
 * @example http.post("assets", { name: "Visits", asset_type: "survey" })
 */
export function post(path, data, options = {}) {
  return sending("POST")(path, data, options);
}

/** Puts data in the place of other. */
export function put(path, data, options = {}) {
  return sending("PUT")(path, data, options);
}
