// Requests, for all adaptors that speak HTTP: `request` takes the options of the published
// `util.request`, and gives and throws what that does. The hub makes the request, by the call `http`.

import { host, readUrl } from "fieldpost:host";
import { ERROR_URL_MISMATCH, throwError } from "@openfn/language-common/util";

/** What bodies are sent as, by the short names that jobs have for it. */
export const contentTypes = Object.freeze({ xml: "application/xml", json: "application/json", string: "text/plain" });
const redirects = [300, 301, 302, 303, 304, 305, 307, 308];

/** The fields of a form, to be sent as `multipart/form-data`. */
class Form {
  constructor(parts) {
    this.parts = parts;
  }
}

function partOf(name, value) {
  if (Buffer.isBuffer(value)) return { name, filename: name, base64: value.toString("base64") };
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return { name, value: text.toWellFormed() };
}

/** A form of the fields of an object; a Buffer among them is sent as a file. */
export function encodeFormBody(data) {
  const fields = Object.entries(data ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return new Form(fields.map(([name, value]) => partOf(name, value)));
}

const textOf = (value) => {
  const plain = typeof value === "string" || typeof value === "boolean" || typeof value === "bigint";
  return plain || Number.isFinite(value) ? `${value}` : "";
};

/** A query of an object; a list repeats its name. */
export function encodeQuery(query) {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(textOf(one))}`),
  );
  return pairs.join("&");
}

const decoded = (text) => {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
};

/** The parameters of a query; a name that is repeated has a list. */
export function decodeQuery(search) {
  const query = {};
  for (const pair of search.replace(/^\?/, "").split("&")) {
    if (!pair) continue;
    const [name, value] = [pair.split("=", 1)[0], pair.replace(/^[^=]*=?/, "")].map(decoded);
    query[name] = Object.hasOwn(query, name) ? [query[name], value].flat() : value;
  }
  return query;
}

function url(text) {
  const found = readUrl(String(text).toWellFormed());
  if (!found) throw Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL", input: text });
  return found;
}

// What lies below an address never leaves its origin, whatever the path says.
function below(base, path) {
  const [, way, search] = /^([^?#]*)([^#]*)/.exec(path);
  const joined = way ? `${base.pathname}/${way}`.replace(/\/{2,}/g, "/") : base.pathname;
  const queries = [base.search, search].map((query) => query.replace(/^\?/, "")).filter(Boolean);
  return url(`${base.origin}${joined}${queries.length ? `?${queries.join("&")}` : ""}`);
}

/** Where a request goes: to a path below `baseUrl`, or to a whole address of the same origin. */
export function parseUrl(pathOrUrl = "", baseUrl) {
  const base = baseUrl ? url(baseUrl) : undefined;
  const isWhole = /^https?:\/\//i.test(pathOrUrl);
  const found = base && !isWhole ? below(base, String(pathOrUrl)) : url(pathOrUrl);
  if (base && found.origin !== base.origin) {
    const error = new Error(ERROR_URL_MISMATCH);
    throw Object.assign(error, {
      code: "BASE_URL_MISMATCH",
      description: "The request is for another origin than that of the credential, which would get to see it",
      target: pathOrUrl,
      baseUrl,
      fix: "Use a step without this credential for the other address",
    });
  }
  const { origin, pathname, search, href } = found;
  return { url: href, baseUrl: origin, path: pathname, query: decodeQuery(search) };
}

function encodedBody(body) {
  if (!body) return null;
  if (typeof body === "string") return { text: body.toWellFormed() };
  if (body instanceof Form) return { multipart: body.parts };
  if (ArrayBuffer.isView(body)) return { base64: Buffer.from(body).toString("base64") };
  if (typeof body === "object") return { text: JSON.stringify(body).toWellFormed() };
  throw new Error("Unsupported body type");
}

function withContentType(headers, contentType, body) {
  const own = Object.keys(headers).find((name) => name.toLowerCase() === "content-type");
  if (contentType === "form") {
    const { [own]: _, ...others } = headers;
    return { headers: others, body: body instanceof Form ? body : encodeFormBody(body) };
  }
  if (contentType === "urlencoded") {
    const form = typeof body === "object" ? encodeQuery(body) : body;
    return { headers: own ? headers : { ...headers, "Content-Type": "application/x-www-form-urlencoded" }, body: form };
  }
  if (!contentType || own) return { headers, body };
  return { headers: { ...headers, "Content-Type": contentTypes[contentType] ?? contentType }, body };
}

function headersOf(headers) {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : String(value)]));
}

// The options of Node.js, as far as they can be had.
function tlsOf(tls) {
  if (!tls || !Object.keys(tls).length) return null;
  const { ca, cert, key, passphrase, rejectUnauthorized } = tls;
  const text = (pem) => (pem ? [pem].flat().map(String).join("\n") : null);
  return { ca: text(ca), cert: text(cert), key: text(key), passphrase: passphrase ?? null, insecure: rejectUnauthorized === false };
}

const withoutMark = (text) => (text.startsWith("\ufeff") ? text.slice(1) : text);

function parsed({ headers, text, body_base64 }, contentType, parseAs) {
  switch (parseAs) {
    case "json":
      return JSON.parse(withoutMark(text));
    case "base64":
      return body_base64;
    case "text":
    case "stream":
      return withoutMark(text);
    default:
      return contentType?.includes("application/json") ? JSON.parse(withoutMark(text)) : withoutMark(text);
  }
}

// An answer that does not say what it is has no data, as with the published package, unless the job says what
// it is to be.
function bodyOf(answer, parseAs) {
  const { headers, status } = answer;
  const contentType = [headers["content-type"]].flat()[0];
  const isEmpty = !(answer.text ?? answer.body_base64);
  const isUnknown = !contentType && parseAs === "auto";
  if (status === 204 || isUnknown || (isEmpty && (parseAs !== "text" || !contentType))) return undefined;
  try {
    return parsed(answer, contentType, parseAs);
  } catch (error) {
    return throwError(status, {
      description: "Error parsing the response body",
      parseAs,
      contentType,
      bodyLength: Number(headers["content-length"] ?? -1),
      error: error.message,
    });
  }
}

// What a server says of its refusal is told however it says it.
function bodyOfRefusal(answer) {
  try {
    return bodyOf(answer, "auto");
  } catch {
    return answer.text ?? answer.body_base64;
  }
}

function needGood(answer, errors, method, address) {
  if (errors === false) return;
  const { status: statusCode, status_text: statusMessage, headers, duration_ms: duration } = answer;
  const mapped = errors[statusCode];
  if (!(typeof mapped === "boolean" ? mapped : mapped || statusCode >= 400)) return;
  const body = bodyOfRefusal(answer);
  const told = typeof mapped === "function" ? mapped({ statusCode, headers, body }) : mapped;
  const error = new Error(told || `${method} to ${address} returned ${statusCode}: ${statusMessage}`);
  throw Object.assign(error, { statusCode, statusMessage, url: address, duration, method, body, headers });
}

/**
 * Makes a request. Beside the published options there are `contentType` (json, xml, string, form,
 * urlencoded) and `auth`, which the hub shows to the origin of `baseUrl` alone:
 * `{basic: {username, password}}`, `{digest: …}`, `{bearer: token}`, `{header: {name, value}}`.
 */
export async function request(method, pathOrUrl, options = {}) {
  const { baseUrl, query, errors = {}, timeout = 300_000, tls, parseAs = "auto", maxRedirections } = options;
  const { throwOnUnhandledRedirect = true, auth = null } = options;
  const address = parseUrl(pathOrUrl, baseUrl);
  const parameters = { ...query, ...address.query };
  const search = encodeQuery(parameters);
  const { headers, body } = withContentType(options.headers ?? {}, options.contentType, options.body);
  const answer = await host("http", {
    method: String(method).toUpperCase(),
    url: `${address.baseUrl}${address.path}${search && `?${search}`}`,
    headers: headersOf(headers),
    body: encodedBody(body),
    timeout_ms: Math.max(1, Math.round(timeout)),
    max_redirects: maxRedirections ?? 0,
    auth,
    origin: address.baseUrl,
    tls: tlsOf(tls),
    as: parseAs === "base64" ? "base64" : "text",
  });
  needGood(answer, errors, method, address.url);
  if (redirects.includes(answer.status) && maxRedirections === undefined && throwOnUnhandledRedirect) {
    throwError(answer.status, {
      statusMessage: answer.status_text,
      description: "The answer is a redirect, and `maxRedirections` is not set",
      fix: `Set it, so that redirects are followed: request("${method}", "${pathOrUrl}", { maxRedirections: 5 })`,
    });
  }
  const response = {
    url: address.url,
    method,
    statusCode: answer.status,
    statusMessage: answer.status_text,
    headers: answer.headers,
    body: bodyOf(answer, parseAs),
    duration: answer.duration_ms,
  };
  if (search) response.query = parameters;
  return response;
}

export const get = (url, options) => request("GET", url, options);
export const post = (url, body, options) => request("POST", url, { body, ...options });
export const put = (url, body, options) => request("PUT", url, { body, ...options });
export const del = (url, body, options) => request("DELETE", url, { body, ...options });

/** Writes a line about an answer, or about an error that one brought, to the log; gives it back. */
export function logResponse(response) {
  const { method, url: address, statusCode, duration, query, body } = response;
  if (!method || !address || !statusCode) return response;
  const search = encodeQuery(query);
  const line = `${method} ${address}${search && `?${search}`} - ${statusCode} in ${duration}ms`;
  if (response instanceof Error) {
    console.error(line);
    console.error("response body: ");
    console.error(body || "[no body]");
  } else {
    console.log(line);
  }
  return response;
}
