// The adaptor `dhis2`. Names, arguments and results are those of @openfn/language-dhis2; an import
// that a server took and refused in part fails, with what was refused.

import { expandReferences, throwError } from "@openfn/language-common/util";
import { nextState } from "@openfn/language-common/service";
import { ids, imported, request, track } from "@openfn/language-dhis2/client";

export * from "@openfn/language-common";
export { execute } from "@openfn/language-common/service";
export * from "@openfn/language-dhis2/legacy";
export * as http from "@openfn/language-dhis2/http";
export * as tracker from "@openfn/language-dhis2/tracker";
export * as util from "@openfn/language-dhis2/util";
export { attr, dv, findAttributeValue } from "@openfn/language-dhis2/util";

const isTracked = (type) => Object.hasOwn(ids, type);

// Objects for the tracker stand in a list under their kind, with their id where it was given apart.
function tracked(type, data, id) {
  const objects = [data ?? {}].flat();
  const key = ids[type];
  return { [type]: id ? objects.map((object) => ({ [key]: id, ...object })) : objects };
}

function listed(type, data) {
  if (!Array.isArray(data)) return data;
  return { [type === "dataValueSets" ? "dataValues" : type]: data };
}

function make(state, type, data, options) {
  if (isTracked(type)) return track(state, "CREATE", tracked(type, data), options);
  if (type === "tracker") return track(state, undefined, data, options);
  return imported(state, "POST", type, options, listed(type, data));
}

function change(state, type, path, data, options) {
  if (isTracked(type)) return track(state, "UPDATE", tracked(type, data, path), options);
  return imported(state, "PUT", [type, path], options, data);
}

/**
 * Creates an object, or several of a list. Objects of the tracker are sent to it; parameters such as
 * `atomicMode` are options.
 * @example create("events", { program: "eBAyeGv0exc", orgUnit: "DiszpKrYNg8", occurredAt: $.data.date })
 */
export function create(resourceType, data, options = {}, callback) {
  return async (state) => {
    const [type, body, given] = expandReferences(state, resourceType, data, options);
    return nextState(state, await make(state, type, body, given), callback);
  };
}

/**
 * Puts a whole object in the place of another.
 * @example update("programs", "qAZJCrNJK8H", { name: "Births", shortName: "Births", programType: "WITHOUT_REGISTRATION" })
 */
export function update(resourceType, path, data, options = {}, callback) {
  return async (state) => {
    const [type, way, body, given] = expandReferences(state, resourceType, path, data, options);
    return nextState(state, await change(state, type, way, body, given), callback);
  };
}

/**
 * Asks for objects.
 * @example get("tracker/events", { program: "eBAyeGv0exc", orgUnit: "DiszpKrYNg8" })
 */
export function get(resourceType, query = {}, options = {}, callback) {
  return async (state) => {
    const [type, asked, given] = expandReferences(state, resourceType, query, options);
    const answer = await request(state, "GET", type, { ...given, query: { ...asked, ...given?.query } });
    return nextState(state, answer, callback);
  };
}

// The objects of an answer stand under the name of their kind.
function found(type, body) {
  const objects = body?.[type.split("/").pop()] ?? body?.instances;
  if (Array.isArray(objects)) return objects;
  return throwError(422, {
    description: `The answer of ${type} has no list of ${type}, so nobody knows what there is already.`,
    fix: "Upsert a kind of object that can be asked for by this query.",
  });
}

const idOf = (type, object) => object[type === "trackedEntityInstances" ? "trackedEntityInstance" : "id"];

async function makeOrChange(state, type, query, data, options) {
  if (isTracked(type)) return track(state, "CREATE_AND_UPDATE", tracked(type, data), options);
  const asked = { ...options, query: { ...query, ...options?.query } };
  const objects = found(type, (await request(state, "GET", type, asked)).body);
  if (objects.length > 1) {
    throwError(409, {
      description: "Upsert failed: Multiple records found for a non-unique attribute.",
      fix: "Ask by something that only one of them has.",
      error: "Conflict",
    });
  }
  if (!objects.length) return make(state, type, data, options);
  return change(state, type, idOf(type, objects[0]), data, options);
}

/**
 * Creates an object, or updates the one that a query finds; more than one is an error. Objects of the
 * tracker are told apart by their ids, and the query is not looked at.
 * @example upsert("organisationUnits", { filter: "code:eq:HC-12" }, { name: "Kimara", code: "HC-12", openingDate: "2020-01-01" })
 */
export function upsert(resourceType, query, data, options = {}, callback) {
  return async (state) => {
    const [type, asked, body, given] = expandReferences(state, resourceType, query, data, options);
    return nextState(state, await makeOrChange(state, type, asked, body, given), callback);
  };
}

/**
 * Deletes an object.
 * @example destroy("trackedEntities", "LcRd6Nyaq7T")
 */
export function destroy(resourceType, path, data = null, options = {}, callback) {
  return async (state) => {
    const [type, way, body, given] = expandReferences(state, resourceType, path, data, options);
    const answer = isTracked(type)
      ? await track(state, "DELETE", tracked(type, body, way), given)
      : await imported(state, "DELETE", [type, way], given, body);
    return nextState(state, answer, callback);
  };
}
