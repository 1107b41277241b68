// The small tools of `common`, for jobs as `util` and for other adaptors.

import { random } from "fieldpost:host";

import { calling } from "@openfn/language-common/parts";

export const del = calling("http", "del");
export const encodeFormBody = calling("http", "encodeFormBody");
export const get = calling("http", "get");
export const logResponse = calling("http", "logResponse");
export const parseUrl = calling("http", "parseUrl");
export const post = calling("http", "post");
export const put = calling("http", "put");
export const request = calling("http", "request");

export const ERROR_ABSOLUTE_URL = "Absolute URLs not supported";
export const ERROR_URL_MISMATCH = "Target origin does not match baseUrl origin";

const keyOf = (options) =>
  Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => {
      if (typeof value !== "object" || value === null) return `${name}:${value ?? ""}`;
      return Object.keys(value).length ? `${name}:{${keyOf(value)}}` : "";
    })
    .join("|");

/** A text that is the same for requests to one address with the same options. */
export function generateAgentKey(baseUrl, options = {}) {
  const key = keyOf(options);
  return key ? `${baseUrl}+${key}` : baseUrl;
}

/** Of use to tests within Node.js alone, and refused here. */
export function enableMockClient() {
  throwError("NO_MOCK_CLIENT", {
    description: "Requests of a job are made by the hub, so that nothing in the job can answer them",
    fix: "Let `fieldpost test` answer the requests of a workflow: its cases have `answers`.",
  });
}

/** The values with every function in them, however deep, replaced by what it says of the state. */
export function expandReferences(state, ...values) {
  return values.map((value) => expand(state, value));
}

function expand(state, value) {
  if (typeof value === "function") return expand(state, value(state));
  if (typeof value !== "object" || value === null) return value;
  if (Buffer.isBuffer(value) || value.constructor?.name === "RegExp") return value;
  if (Array.isArray(value)) return value.map((item) => expand(state, item));
  const expanded = {};
  for (const key of Object.keys(value)) expanded[key] = expand(state, value[key]);
  return expanded;
}

/** Throws an error that carries a code and what else is known. */
export function throwError(code, { description, fix, ...extras } = {}) {
  const error = new Error(description ? `${code}: ${description}` : code);
  Object.assign(error, { code }, description && { description }, fix && { fix }, extras);
  throw error;
}

/** Text, or the JSON of anything else, as base64. */
export function encode(data, { parseJson = true } = {}) {
  return Buffer.from(typeof data !== "string" && parseJson ? JSON.stringify(data) : data).toString("base64");
}

/** The text of base64; where it is JSON, its value. */
export function decode(text, { parseJson = true } = {}) {
  const decoded = Buffer.from(text, "base64").toString();
  if (!parseJson || !/^[[{]/.test(decoded)) return decoded;
  try {
    return JSON.parse(decoded);
  } catch (error) {
    console.log(error.message);
    return decoded;
  }
}

/** A random UUID. */
export function uuid() {
  const bytes = Buffer.from(random(), "hex");
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const startOfDay = (date, daysBefore) =>
  new Date(date.getFullYear(), date.getMonth(), date.getDate() - daysBefore);

/** A time from the words that `cursor` knows; anything else as it is. */
export function parseDate(words, start) {
  if (words === "start") return start;
  const now = new Date();
  if (words === "now" || words === "end") return now;
  if (words === "today") return startOfDay(now, 0);
  if (words === "yesterday") return startOfDay(now, 1);
  const found = /(\d+).*(hour|day)s? ago$/.exec(words);
  if (!found) return words;
  const count = Number(found[1]);
  return found[2] === "hour" ? new Date(now.getTime() - count * 3_600_000) : startOfDay(now, count);
}

/** The header that HTTP Basic authentication wants. */
export function makeBasicAuthHeader(username, password) {
  return { Authorization: `Basic ${encode(`${username}:${password}`)}` };
}

/** Fails if a whole address is given where a path belongs. */
export function assertRelativeUrl(path) {
  if (!/https?:\/\//.test(path)) return;
  const error = new Error("UNEXPECTED_ABSOLUTE_URL");
  throw Object.assign(error, {
    code: "UNEXPECTED_ABSOLUTE_URL",
    description: "A whole address was given (https://...) where only a path (/a/b/c) is possible",
    url: path,
    fix: "Leave out the protocol and the host.",
  });
}

/** A credential with its token under the name that some libraries want. */
export function normalizeOauthConfig(configuration) {
  const { access_token: token, accessToken } = configuration;
  if (token && accessToken) {
    throw new Error("The credential has both access_token and accessToken: leave the second out");
  }
  return token ? { ...configuration, accessToken: token } : configuration;
}
