// Names that jobs for older versions of the adaptor use.
//
// They were written for the resources that DHIS2 had before its new tracker, and go to these as long
// as the credential says that the server is older than version 42, or does not say. Newer servers have
// the tracker alone: what is sent there is told in its words.

import { expandReferences, throwError } from "@openfn/language-common/util";
import { nextState } from "@openfn/language-common/service";
import { imported, request, track, versionOf } from "@openfn/language-dhis2/client";

const isNew = (state, options) => Number(versionOf(state.configuration, options)) >= 42;

const newKinds = { trackedEntityInstances: "trackedEntities", enrollments: "enrollments", events: "events" };
const newKeys = {
  trackedEntityInstance: "trackedEntity",
  eventDate: "occurredAt",
  dueDate: "scheduledAt",
  completedDate: "completedAt",
  enrollmentDate: "enrolledAt",
  incidentDate: "occurredAt",
};

// The objects, with those inside them, as the new tracker calls their fields.
function renewed(value) {
  if (Array.isArray(value)) return value.map(renewed);
  if (typeof value !== "object" || value === null) return value;
  const { coordinate, ...others } = value;
  const entries = Object.entries(others).map(([key, inner]) => [newKeys[key] ?? key, renewed(inner)]);
  const geometry = coordinate && { type: "Point", coordinates: [coordinate.longitude, coordinate.latitude] };
  return { ...Object.fromEntries(entries), ...(geometry && { geometry }) };
}

const listOf = (kind, data) => (Array.isArray(data) ? data : (data?.[kind] ?? [data]));

function send(state, kind, data, options, id) {
  if (isNew(state, options)) {
    const objects = renewed(listOf(kind, data));
    const key = { trackedEntityInstances: "trackedEntity", enrollments: "enrollment", events: "event" }[kind];
    const named = id ? objects.map((object) => ({ [key]: id, ...object })) : objects;
    return track(state, id ? "UPDATE" : "CREATE", { [newKinds[kind]]: named }, options);
  }
  if (id) return imported(state, "PUT", [kind, id], options, data);
  return imported(state, "POST", kind, options, Array.isArray(data) ? { [kind]: data } : data);
}

// Arguments as version 3 had them: data, parameters of the request, options, callback.
const sending =
  (kind) =>
  (data, params = {}, options = {}, callback) =>
  async (state) => {
    const [body, asked, given] = expandReferences(state, data, params, options);
    return nextState(state, await send(state, kind, body, { ...asked, ...given }), callback);
  };

const changing =
  (kind) =>
  (id, data, params = {}, options = {}, callback) =>
  async (state) => {
    const [name, body, asked, given] = expandReferences(state, id, data, params, options);
    return nextState(state, await send(state, kind, body, { ...asked, ...given }, name), callback);
  };

const asking =
  (path) =>
  (params = {}, options = {}, callback) =>
  async (state) => {
    const [asked, given] = expandReferences(state, params, options);
    return nextState(state, await request(state, "GET", path, { ...asked, ...given }), callback);
  };

/**
 * Sends an event, as jobs of old did.
 * @example event({ program: "eBAyeGv0exc", orgUnit: "DiszpKrYNg8", eventDate: dataValue("date"), dataValues: [] })
 */
export function event(data) {
  return sending("events")(data);
}

/** Sends values of data elements for a period and a unit, as jobs of old did. */
export function dataValueSet(data) {
  return createDataValues(data);
}

/** A value of a data element, with a comment: for `event` and `dataValueSet`. */
export function dataElement(element, value, comment) {
  return { dataElement: element, value, comment };
}

/** Sends values of data elements; the name that `create("dataValueSets", …)` had. */
export function createDataValues(data, params = {}, options = {}, callback) {
  return async (state) => {
    const [body, asked, given] = expandReferences(state, data, params, options);
    const answer = await imported(state, "POST", "dataValueSets", { ...asked, ...given }, body);
    return nextState(state, answer, callback);
  };
}

/** Creates a tracked entity instance, or several of a list. */
export function createTEI(data, params = {}, options = {}, callback) {
  return sending("trackedEntityInstances")(data, params, options, callback);
}

/** Puts a whole tracked entity instance in the place of another. */
export function updateTEI(path, data, params = {}, options = {}, callback) {
  return changing("trackedEntityInstances")(path, data, params, options, callback);
}

// Those that have a value of an attribute, by their ids.
async function instancesWith(state, attribute, value, unit, options) {
  const now = isNew(state, options);
  const units = now ? { orgUnits: unit, orgUnitMode: "DESCENDANTS" } : { ou: unit, ouMode: "DESCENDANTS" };
  const query = { ...units, filter: `${attribute}:${now ? "eq" : "EQ"}:${value}`, fields: "*" };
  const path = now ? "tracker/trackedEntities" : "trackedEntityInstances";
  const { body } = await request(state, "GET", path, { ...options, query });
  const objects = body?.trackedEntityInstances ?? body?.trackedEntities ?? body?.instances ?? [];
  return objects.map((object) => object.trackedEntity ?? object.trackedEntityInstance);
}

/**
 * Creates a tracked entity instance, or updates the one that has the same value of an attribute.
 * @example upsertTEI("lZGmxYbs97q", { orgUnit: "TSyzvBiovKh", trackedEntityType: "nEenWmSyUEp", attributes: [attr("lZGmxYbs97q", $.data.code)] })
 */
export function upsertTEI(uniqueAttributeId, data, options = {}, callback) {
  return async (state) => {
    const [attribute, body, given] = expandReferences(state, uniqueAttributeId, data, options);
    const { replace, ...others } = given ?? {};
    const value = body.attributes?.find((one) => one?.attribute === attribute)?.value;
    if (value === undefined || value === null || value === "") {
      throwError(422, {
        description: `What is to be upserted has no value of the attribute ${attribute}.`,
        fix: "Put it among its `attributes`.",
      });
    }
    const there = await instancesWith(state, attribute, value, body.orgUnit, others);
    if (there.length > 1) {
      throw new RangeError(`The attribute ${attribute} is not unique: ${there.length} instances have ${value}.`);
    }
    return nextState(state, await send(state, "trackedEntityInstances", body, others, there[0]), callback);
  };
}

/** Asks for tracked entity instances. */
export function getTEIs(params = {}, options = {}, callback) {
  return asking("trackedEntityInstances")(params, options, callback);
}

/** Enrolls a tracked entity instance, of which the first argument is the id, in a program. */
export function enroll(instance, data) {
  return (state) => {
    const [id, body] = expandReferences(state, instance, data);
    return sending("enrollments")({ trackedEntityInstance: id, ...body })(state);
  };
}

/** Enrolls a tracked entity instance, which the data names, in a program. */
export function enrollTEI(data, params = {}, options = {}, callback) {
  return sending("enrollments")(data, params, options, callback);
}

/** Creates an event, or several of a list. */
export function createEvents(data, params = {}, options = {}, callback) {
  return sending("events")(data, params, options, callback);
}

/** Puts a whole event in the place of another. */
export function updateEvents(path, data, params = {}, options = {}, callback) {
  return changing("events")(path, data, params, options, callback);
}

/** Asks for events. */
export function getEvents(params = {}, options = {}, callback) {
  return asking("events")(params, options, callback);
}

/** Asks for events; the first name of `getEvents`. */
export function fetchEvents(params = {}) {
  return asking("events")(params);
}

/** Asks for values of data elements. */
export function getDataValues(params = {}, options = {}, callback) {
  return asking("dataValueSets")(params, options, callback);
}

/** Asks for values of data elements; the first name of `getDataValues`. */
export function fetchData(params = {}) {
  return asking("dataValueSets")(params);
}

/** Asks for what DHIS2 has reckoned of its data. */
export function fetchAnalytics(params = {}) {
  return asking("analytics")(params);
}

/** Asks for programs. */
export function getPrograms(params = {}, options = {}, callback) {
  return asking("programs")(params, options, callback);
}

/** Asks for enrollments. */
export function getEnrollments(params = {}, options = {}, callback) {
  return asking("enrollments")(params, options, callback);
}

/** Asks for objects of any kind; the name that `get` had. */
export function getData(resourceType, params = {}, options = {}, callback) {
  return (state) => {
    const [path] = expandReferences(state, resourceType);
    return asking(path)(params, options, callback)(state);
  };
}

/** Asks for definitions of the kinds that are named: a list, or an object of the kinds with `true`. */
export function getMetadata(resources, params = {}, options = {}, callback) {
  return (state) => {
    const [wanted, asked] = expandReferences(state, resources, params);
    const kinds = Array.isArray(wanted) ? Object.fromEntries(wanted.map((kind) => [kind, true])) : wanted;
    return asking("metadata")({ ...kinds, ...asked }, options, callback)(state);
  };
}

/** Asks for ids that no object has; `limit` of the options says how many. */
export function generateDhis2UID(options = {}, callback) {
  return (state) => {
    const [{ limit = 1, ...others }] = expandReferences(state, options);
    return asking("system/id")({ limit }, others, callback)(state);
  };
}

/** Changes a part of an object; a list of changes is sent as a JSON patch. */
export function patch(resourceType, path, data, options = {}, callback) {
  return async (state) => {
    const [type, way, body, given] = expandReferences(state, resourceType, path, data, options);
    return nextState(state, await imported(state, "PATCH", [type, way], given, body), callback);
  };
}

/** Deletes an object; the name that `destroy` had. */
export function del(resourceType, path, data = null, params = {}, options = {}, callback) {
  return async (state) => {
    const [type, way, body, asked, given] = expandReferences(state, resourceType, path, data, params, options);
    const answer = await imported(state, "DELETE", [type, way], { ...asked, ...given }, body);
    return nextState(state, answer, callback);
  };
}

/**
 * Tells the parameters that an endpoint of this server takes, by its own description of its API.
 * @example discover("get", "/programs")
 */
export function discover(httpMethod, endpoint) {
  return async (state) => {
    const [method, path] = expandReferences(state, httpMethod, endpoint);
    const answer = await request(state, "GET", [path, "openapi.json"], {});
    const paths = Object.entries(answer.body?.paths ?? {});
    const wanted = `/${path}`.replace(/\/+/g, "/");
    const [, found] = paths.find(([name]) => name.replace(/^\/api(?=\/)|\/$/g, "") === wanted) ?? [];
    const operation = found?.[method.toLowerCase()];
    if (!operation) {
      throwError(404, {
        description: `This server does not say what ${method.toUpperCase()} ${wanted} takes.`,
        fix: "Look for the endpoint in the documentation of its version.",
      });
    }
    return nextState(state, { ...answer, body: operation });
  };
}
