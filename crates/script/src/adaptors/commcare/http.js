// Requests to any API of CommCare HQ.

import { expandReferences } from "@openfn/language-common/util";
import { next, request as send } from "@openfn/language-commcare/client";

/**
 * Makes any request. A path that begins with a slash is one of the server, any other is one below the
 * APIs of the project.
 * @example http.request("GET", "case/v2", null, { limit: 100 })
 */
export function request(method, path, body, params = {}) {
  return async (state) => {
    const [verb, way, data, asked] = expandReferences(state, method, path, body, params);
    const { domain } = state.configuration;
    const whole = way.startsWith("/") ? way : `/a/${domain}/api/${way}`;
    return next(state, await send(state, verb.toUpperCase(), whole, { data, params: asked }));
  };
}

/**
 * Asks for anything.
 * @example http.get("case/v2/ext/HC-0042/")
 */
export function get(path, params = {}) {
  return request("GET", path, null, params);
}

/**
 * Posts data anywhere.
 * @example http.post("case/v2", { case_type: "patient", case_name: $.data.name, owner_id: $.data.owner })
 */
export function post(path, data, params = {}) {
  return request("POST", path, data, params);
}
