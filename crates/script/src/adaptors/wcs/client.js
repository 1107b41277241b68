// Requests to w.c.s., whose addresses are signed, and whose answers may tell of an error with 200.

import { random } from "fieldpost:host";
import { encodeQuery, logResponse, request as send } from "@openfn/language-common/http";
import { authOf, failure, relative } from "@openfn/language-common/service";
import { hmacSha256 } from "@openfn/language-common/sha256";

/** A query with its signature, which covers all that stands before it. */
export function signed(query, { orig, key }, now = new Date(), nonce = random()) {
  const timestamp = now.toISOString().replace(/\.\d+Z$/, "Z");
  const all = { ...query, ...(orig && { orig }), algo: "sha256", timestamp, nonce };
  return { ...all, signature: hmacSha256(key, encodeQuery(all)) };
}

// Whom a call acts for; what the job says itself wins.
const userOf = ({ email, nameId }) => (email ? { email } : nameId ? { NameID: nameId } : {});

function access(configuration, query) {
  const { authType, key } = configuration;
  const isOurs = key && authType !== "connection";
  if (!isOurs) return { query, auth: authOf(configuration) };
  return { query: signed({ ...userOf(configuration), ...query }, configuration), auth: null };
}

function refusal(body) {
  if (typeof body !== "object" || body === null || Array.isArray(body) || !body.err) return undefined;
  return body.err_desc ?? body.err_class ?? `err: ${body.err}`;
}

/** Makes a request to a path of the site. */
export async function request({ configuration }, method, path, { data, query = {}, headers, parseAs = "json" } = {}) {
  const { auth, query: whole } = access(configuration, query);
  let answer;
  try {
    answer = await send(method, `/${relative(path)}`, {
      baseUrl: configuration.baseUrl,
      auth,
      headers: { Accept: "application/json", ...(data !== undefined && { "Content-Type": "application/json" }), ...headers },
      query: whole,
      body: data,
      parseAs,
    });
  } catch (error) {
    const told = refusal(error?.body);
    if (told) error.message = `${error.message}: ${told}`;
    throw error;
  }
  const told = refusal(answer.body);
  if (told) {
    const { body, statusCode, url } = answer;
    throw failure(`w.c.s. refused: ${told}`, { code: body.err_code ?? "refused", statusCode, url, method, body });
  }
  return logResponse({ ...answer, query });
}
