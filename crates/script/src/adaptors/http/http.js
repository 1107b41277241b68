// The adaptor `http`: requests to any API. Names, options, results and errors are those of
// @openfn/language-http; HTTP Digest is ours beside them.

import { composeNextState, execute as executeInSeries } from "@openfn/language-common";
import { contentTypes, encodeFormBody, logResponse, request as send } from "@openfn/language-common/http";
import { carriers, withCookies } from "@openfn/language-http/legacy";
import { load } from "@openfn/language-http/xml";
import { decode, encode, expandReferences, makeBasicAuthHeader, uuid } from "@openfn/language-common/util";

export {
  alterState,
  arrayToString,
  as,
  asData,
  assert,
  beta,
  chunk,
  combine,
  composeNextState,
  cursor,
  dataPath,
  dataValue,
  dateFns,
  debug,
  each,
  field,
  fields,
  fn,
  fnIf,
  group,
  humanProper,
  index,
  join,
  jsonValue,
  lastReferenceValue,
  log,
  map,
  merge,
  parseCsv,
  referencePath,
  relationship,
  scrubEmojis,
  source,
  sourceValue,
  splitKeys,
  toArray,
} from "@openfn/language-common";

/** Runs operations one after the other, with `references` from the first on. */
export function execute(...operations) {
  return (state) => executeInSeries(...operations)({ references: [], data: null, ...state });
}

function problem(code, description, fix, extras) {
  return Object.assign(new Error(code), { code, description, fix, ...extras });
}

function needAddress(pathOrUrl, baseUrl) {
  if (baseUrl) return;
  if (!pathOrUrl) {
    throw problem(
      "NO_URL",
      "There is no URL to ask",
      "Give the request a URL, or the credential a baseUrl.",
    );
  }
  if (!/^https?:\/\//i.test(pathOrUrl)) {
    throw problem(
      "UNEXPECTED_RELATIVE_URL",
      "There is a path, and no baseUrl that it could be below",
      `Give the credential a baseUrl, or the request a whole URL such as https://example.com/${pathOrUrl}`,
      { url: pathOrUrl },
    );
  }
}

// Whom the request is made as: only below the credential's own address.
function authOf({ baseUrl, username, password, access_token, authType, headers: secret }, headers) {
  const isSet = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  if (!baseUrl || isSet) return null;
  if (authType === "connection") return authType;
  if (access_token) return { bearer: String(access_token) };
  if (secret) return { headers: secret };
  if (!username || !password) return null;
  const user = { username: String(username), password: String(password) };
  return authType === "digest" ? { digest: user } : { basic: user };
}

/** What certificates a request is made with: its own, those of old options, or the credential's. */
function getTLSOptions({ configuration }, { tls, agentOptions }) {
  return tls ?? agentOptions ?? configuration?.tls;
}

/** Makes a request: what it brings becomes `data`, the rest of the answer `response`. */
export function request(method, path, options) {
  return async (state) => {
    const [pathOrUrl, given = {}] = expandReferences(state, path, options);
    const { agentOptions, followAllRedirects, keepCookie, contentType = "json", headers = {}, ...others } = given;
    const configuration = state.configuration ?? {};
    const { baseUrl } = configuration;
    needAddress(pathOrUrl, baseUrl);
    if (agentOptions) {
      console.warn("WARNING: `agentOptions` is out of date; give the credential `tls` instead.");
    }
    try {
      const { body, ...response } = logResponse(
        await send(method, pathOrUrl, {
          ...others,
          baseUrl,
          headers,
          contentType,
          auth: authOf(configuration, headers),
          tls: getTLSOptions(state, given),
          maxRedirections: others.maxRedirections ?? (followAllRedirects === false ? 0 : 5),
        }),
      );
      const data = keepCookie ? withCookies(body, response.headers) : body;
      return { ...composeNextState(state, data), response };
    } catch (error) {
      throw logResponse(error);
    }
  };
}

/** Asks for what is at a path. */
export function get(path, options) {
  return request("GET", path, options);
}

/** Sends data by POST. */
export function post(path, data, options) {
  return request("POST", path, { body: data, ...options });
}

/** Sends data by PUT. */
export function put(path, data, options) {
  return request("PUT", path, { body: data, ...options });
}

/** Sends data by PATCH. */
export function patch(path, data, options) {
  return request("PATCH", path, { body: data, ...options });
}

/** Has what is at a path deleted. */
export function del(path, options) {
  return request("DELETE", path, options);
}

const carrying = carriers(authOf);

/**
 * Posts what `getEndpoint` brings to `postUrl`, as jobs of the first platform did. No credential goes there.
 * @example fetch({ getEndpoint: "forms.json", query: { since: $.cursor }, postUrl: "https://example.com/inbox" })
 */
export function fetch(params) {
  return carrying.fetch(params);
}

/**
 * The same, whatever `getEndpoint` answers: what is posted is `{response, externalId}`.
 * @example fetchWithErrors({ getEndpoint: "forms.json", externalId: $.data.id, postUrl: "https://example.com/inbox" })
 */
export function fetchWithErrors(params) {
  return carrying.fetchWithErrors(params);
}

/**
 * Posts a body to a whole URL, without the credential.
 * @example postData({ url: "https://example.com/inbox", body: $.data, headers: { "x-from": "clinic" } })
 */
export function postData(params) {
  return carrying.postData(params);
}

/** The name that `postData` has in some jobs. */
export function postJSON(params) {
  return carrying.postData(params);
}

/**
 * Reads XML: the script is given a function that finds elements, and what it returns becomes `data`; if that is
 * text and JSON, its value: `parseXML($.data, ($) => $('patient > name').map((i, it) => $(it).text()).get())`.
 */
export function parseXML(data, script) {
  return (state) => {
    const [text] = expandReferences(state, data);
    if (!script) return composeNextState(state, { body: text });
    const made = script(load(text));
    if (typeof made !== "string") return composeNextState(state, made);
    let value;
    try {
      value = JSON.parse(made);
    } catch {
      value = { body: made };
    }
    return composeNextState(state, value);
  };
}

export const util = Object.freeze({
  CONTENT_TYPES: contentTypes,
  decode,
  encode,
  encodeFormBody,
  getTLSOptions,
  makeBasicAuthHeader,
  request,
  uuid,
  xmlParser: parseXML,
});
