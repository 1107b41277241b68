// Small tools for data of DHIS2.

import { sha256Hex } from "@openfn/language-common/sha256";

export { decode, encode, uuid } from "@openfn/language-common/util";

/** An attribute of a tracked entity: an id and a value. */
export function attr(attribute, value) {
  return { attribute, value };
}

/** A value of a data element: an id and a value. */
export function dv(dataElement, value) {
  return { dataElement, value };
}

/** The value of the attribute that a tracked entity shows under this name, in capitals or not. */
export function findAttributeValue(trackedEntity, displayName) {
  const wanted = displayName.toLowerCase();
  return trackedEntity?.attributes?.find((one) => one?.displayName?.toLowerCase() === wanted)?.value;
}

/** The value of the attribute with this id. */
export function findAttributeValueById(trackedEntity, attribute) {
  return trackedEntity?.attributes?.find((one) => one?.attribute === attribute)?.value;
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const signs = `0123456789${letters}`;

/**
 * An id as DHIS2 has them that follows from a text: the same text always gives the same one.
 * @example util.deriveUid(`visit:${$.data.patient}:${$.data.date}`)
 */
export function deriveUid(seed) {
  if (typeof seed !== "string") throw new TypeError(`deriveUid takes a text, not ${typeof seed}`);
  if (!seed) throw new RangeError("deriveUid takes a text that is not empty");
  let number = BigInt(`0x${sha256Hex(seed).slice(0, 32)}`);
  const next = (alphabet) => {
    const sign = alphabet[Number(number % BigInt(alphabet.length))];
    number /= BigInt(alphabet.length);
    return sign;
  };
  let tail = "";
  while (tail.length < 10) tail = next(signs) + tail;
  return next(letters) + tail;
}
