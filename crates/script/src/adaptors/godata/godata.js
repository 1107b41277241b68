// The adaptor `godata`. Names, arguments and results are those of @openfn/language-godata, with one
// difference: whatever goes wrong fails the step, also an upsert that finds several.

import { expandReferences } from "@openfn/language-common/util";
import { execute as inSeries, failure, nextState } from "@openfn/language-common/service";
import { request, session } from "@openfn/language-godata/client";

export * from "@openfn/language-common";
export * as http from "@openfn/language-godata/http";

export const execute = (...operations) => inSeries(session.signIn(), ...operations);

const filtered = (filter) => ({ query: { filter: JSON.stringify(filter) } });

const ask = (path, filter, callback) => async (state) => {
  const [way, wanted] = expandReferences(state, path, filter);
  return nextState(state, await request(state, "GET", way, wanted && filtered(wanted)), callback);
};

const inOutbreak = (outbreak, kind) => (state) => {
  const [id] = expandReferences(state, outbreak);
  return `outbreaks/${id}/${kind}`;
};

// The objects of a kind that have this value under this key. Without a value the service would find
// all of them.
async function withValue(state, path, key, value) {
  if (value === undefined || value === null || value === "") {
    throw failure(`What is to be upserted has no ${key}, by which it could be found`, { code: "NO_KEY", key });
  }
  const { body } = await request(state, "GET", path, filtered({ where: { [key]: value } }));
  if (!Array.isArray(body)) {
    throw failure(`Go.Data did not answer with a list of ${path}`, { code: "NO_LIST", body });
  }
  if (body.length > 1) {
    throw failure(`${body.length} of ${path} have the ${key} ${value}: nobody can tell which is to be updated`, {
      code: "SEVERAL_FOUND",
      key,
      value,
      ids: body.map(({ id }) => id),
    });
  }
  return body[0];
}

async function makeOrChange(state, path, key, value, data, callback) {
  const there = await withValue(state, path, key, value);
  console.log(there ? `Found ${there.id} of ${path}: updating it` : `Found none of ${path}: creating one`);
  if (!there) return nextState(state, await request(state, "POST", path, { data }), callback);
  const { visualId, ...others } = data;
  // A visual id that stays what it is would be held against the mask of the outbreak anew.
  const changed = visualId === undefined || visualId === there.visualId ? others : data;
  return nextState(state, await request(state, "PUT", `${path}/${there.id}`, { data: changed }), callback);
}

const upsertAt = (path, externalId, object, callback) => (state) => {
  const [way, key, data] = expandReferences(state, path, externalId, object);
  return makeOrChange(state, way, key, data?.[key], data ?? {}, callback);
};

/** Asks for all outbreaks. */
export function listOutbreaks(callback) {
  return ask("outbreaks", undefined, callback);
}

/**
 * Asks for outbreaks by a filter.
 * @example getOutbreak({ where: { name: "Outbreak demo" } })
 */
export function getOutbreak(query, callback) {
  return ask("outbreaks", query, callback);
}

/**
 * Creates an outbreak, or updates the one whose id is `externalId`.
 * @example upsertOutbreak({ externalId: "343d-dc3e", data: { name: "Measles 2026" } })
 */
export function upsertOutbreak(outbreak, callback) {
  return (state) => {
    const [{ externalId, data }] = expandReferences(state, outbreak);
    return makeOrChange(state, "outbreaks", "id", externalId, data ?? {}, callback);
  };
}

/** Asks for all cases of an outbreak. */
export function listCases(id, callback) {
  return ask(inOutbreak(id, "cases"), undefined, callback);
}

/**
 * Asks for cases of an outbreak by a filter.
 * @example getCase("343d-dc3e", { where: { firstName: "Luca" } })
 */
export function getCase(id, query, callback) {
  return ask(inOutbreak(id, "cases"), query, callback);
}

/**
 * Creates a case, or updates the one that has the same value under the key.
 * @example upsertCase("343d-dc3e", "visualId", { visualId: $.data.code, firstName: $.data.name })
 */
export function upsertCase(id, externalId, goDataCase, callback) {
  return upsertAt(inOutbreak(id, "cases"), externalId, goDataCase, callback);
}

/** Asks for all contacts of an outbreak. */
export function listContacts(id, callback) {
  return ask(inOutbreak(id, "contacts"), undefined, callback);
}

/** Asks for contacts of an outbreak by a filter. */
export function getContact(id, query, callback) {
  return ask(inOutbreak(id, "contacts"), query, callback);
}

/** Creates a contact, or updates the one that has the same value under the key. */
export function upsertContact(id, externalId, goDataContact, callback) {
  return upsertAt(inOutbreak(id, "contacts"), externalId, goDataContact, callback);
}

/** Asks for all locations. */
export function listLocations(callback) {
  return ask("locations", undefined, callback);
}

/** Asks for locations by a filter. */
export function getLocation(query, callback) {
  return ask("locations", query, callback);
}

/**
 * Creates a location, or updates the one that has the same value under the key.
 * @example upsertLocation("name", { name: "Kimara", geographicalLevelId: "LNG_REFERENCE_DATA_CATEGORY_LOCATION_GEOGRAPHICAL_LEVEL_ADMIN_LEVEL_3" })
 */
export function upsertLocation(externalId, goDataLocation, callback) {
  return upsertAt("locations", externalId, goDataLocation, callback);
}

/** Asks for all reference data. */
export function listReferenceData(callback) {
  return ask("reference-data", undefined, callback);
}

/** Asks for reference data by a filter. */
export function getReferenceData(query, callback) {
  return ask("reference-data", query, callback);
}

/** Creates an entry of the reference data, or updates the one that has the same value under the key. */
export function upsertReferenceData(externalId, goDataReferenceData, callback) {
  return upsertAt("reference-data", externalId, goDataReferenceData, callback);
}
