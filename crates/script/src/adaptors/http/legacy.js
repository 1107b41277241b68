// What jobs of the first platform call: `fetch`, `fetchWithErrors` and `postData`, which carried what one
// server said to another, as to an inbox. No credential goes to the second.

import { composeNextState } from "@openfn/language-common";
import { logResponse, request } from "@openfn/language-common/http";
import { expandReferences } from "@openfn/language-common/util";

const isTaken = ({ statusCode }) => [200, 201, 202].includes(statusCode);

function needTaken(response, what) {
  if (isTaken(response)) return response;
  const { statusCode, body, url } = response;
  throw Object.assign(new Error(`${what} failed: the server responded with ${statusCode}`), { statusCode, body, url });
}

// The status is looked at afterwards, and redirects are followed as these functions did.
const asked = { errors: false, maxRedirections: 5 };

function brought({ configuration = {} }, { getEndpoint, query }, auth) {
  const { baseUrl, tls } = configuration;
  return request("GET", getEndpoint, { ...asked, baseUrl, query, tls, auth });
}

function passedOn(postUrl, body, headers = {}) {
  return request("POST", postUrl, { ...asked, body, headers, contentType: "json" });
}

function nextState(state, body) {
  return { ...composeNextState(state, body), response: { body } };
}

/** These functions for an adaptor that knows by `authOf` whom its requests are made as. */
export function carriers(authOf) {
  const proof = (state) => authOf(state.configuration ?? {}, {});
  return {
    fetch: (params) => async (state) => {
      const [given] = expandReferences(state, params);
      const { body } = needTaken(logResponse(await brought(state, given, proof(state))), "The GET");
      needTaken(logResponse(await passedOn(given.postUrl, body)), "The POST");
      return nextState(state, body);
    },
    fetchWithErrors: (params) => async (state) => {
      const [given] = expandReferences(state, params);
      let response;
      try {
        response = logResponse(await brought(state, given, proof(state)));
      } catch (error) {
        const { code, message } = error;
        response = { error: { code, message } };
      }
      needTaken(logResponse(await passedOn(given.postUrl, { response, externalId: given.externalId })), "The POST");
      return nextState(state, response.body);
    },
    postData: (params) => async (state) => {
      const [{ url, body, headers }] = expandReferences(state, params);
      const answer = needTaken(logResponse(await passedOn(url, body, headers)), "The POST");
      return nextState(state, answer.body);
    },
  };
}

/** The data with the cookies that came with it, as `name=value`, and all headers beside them. */
export function withCookies(data, headers) {
  const cookies = [headers["set-cookie"] ?? []].flat().map((cookie) => cookie.split(";", 1)[0].trim());
  const fields = typeof data === "object" && data !== null && !Array.isArray(data) ? data : { body: data };
  return { ...fields, __cookie: cookies.length === 1 ? cookies[0] : cookies, __headers: headers };
}
