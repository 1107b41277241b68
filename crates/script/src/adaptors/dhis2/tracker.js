// The tracker of DHIS2: people and things that are followed, their enrollments, events and
// relationships.

import { expandReferences } from "@openfn/language-common/util";
import { nextState } from "@openfn/language-common/service";
import { request, track } from "@openfn/language-dhis2/client";

/**
 * Imports objects with a strategy: CREATE, UPDATE, CREATE_AND_UPDATE or DELETE. Other options are
 * parameters of the request.
 * @example tracker.import("CREATE_AND_UPDATE", { events: $.data.events }, { atomicMode: "ALL" })
 */
function importWith(strategy, payload, options = {}) {
  return async (state) => {
    const [way, body, given] = expandReferences(state, strategy, payload, options);
    return nextState(state, await track(state, way, body, given));
  };
}

/**
 * Asks the tracker for objects.
 * @example tracker.export("enrollments", { orgUnit: "TSyzvBiovKh" })
 */
function exportFrom(path, query = {}, options = {}) {
  return async (state) => {
    const [way, asked, given] = expandReferences(state, path, query, options);
    return nextState(state, await request(state, "GET", ["tracker", way], { ...given, query: asked }));
  };
}

export { exportFrom as export, importWith as import };
