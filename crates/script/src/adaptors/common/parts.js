// The parts of `common` that few jobs want. Each is loaded when it is wanted first: every step begins with
// nothing, so that what it does not use would be loaded anew, thousands of times an hour, for nobody.

import { give } from "fieldpost:host";

// Kept from the beginning on: a job that changes the built-in objects confuses itself and nobody else.
const parts = new Map();
const found = parts.get.bind(parts);
const keep = parts.set.bind(parts);

/** What a part exports. */
export function part(name) {
  let given = found(name);
  if (given === undefined) keep(name, (given = give(`@openfn/language-common/${name}`)));
  return given;
}

/** A function of a part. */
export function calling(name, wanted) {
  return (...values) => part(name)[wanted](...values);
}
