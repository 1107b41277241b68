// Requests to any part of the API of DHIS2.

import { expandReferences } from "@openfn/language-common/util";
import { nextState } from "@openfn/language-common/service";
import { request as send } from "@openfn/language-dhis2/client";

/**
 * Asks for anything.
 * @example http.get("tracker/relationships", { query: { trackedEntity: "F8yKM85NbxW" } })
 */
export function get(path, options = {}) {
  return async (state) => {
    const [way, given] = expandReferences(state, path, options);
    return nextState(state, await send(state, "GET", way, given));
  };
}

/**
 * Posts data anywhere.
 * @example http.post("tracker", { events: $.data.events }, { query: { async: false } })
 */
export function post(path, data, options = {}) {
  return async (state) => {
    const [way, body, given] = expandReferences(state, path, data, options);
    return nextState(state, await send(state, "POST", way, given, body));
  };
}

/**
 * Changes a part of an object; a list of changes is sent as a JSON patch.
 * @example http.patch("dataElements", "FTRrcoaog83", [{ op: "add", path: "/name", value: "New" }])
 */
export function patch(resourceType, path, data, options = {}) {
  return async (state) => {
    const [type, way, body, given] = expandReferences(state, resourceType, path, data, options);
    return nextState(state, await send(state, "PATCH", [type, way], given, body));
  };
}

/**
 * Makes any request; the body is `data` of the options.
 * @example http.request("DELETE", "dataElements/FTRrcoaog83")
 */
export function request(method, path, options = {}) {
  return async (state) => {
    const [verb, way, { data, ...given } = {}] = expandReferences(state, method, path, options);
    return nextState(state, await send(state, verb.toUpperCase(), way, given, data));
  };
}
