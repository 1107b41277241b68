// Requests to CommCare HQ.

import { logResponse, request as send } from "@openfn/language-common/http";
import { authOf, nextState, relative } from "@openfn/language-common/service";

/** The version of the APIs that `get` and `post` speak. */
const version = "v0.5";

const header = (value) => ({ header: { name: "Authorization", value } });
const ownAuth = ({ apiKey, username }) => apiKey && header(`ApiKey ${username}:${apiKey}`);

/** A path below the API of the project, in the version of `get` and `post`. */
export const apiPath = ({ domain }, path) => `/a/${domain}/api/${version}/${relative(path)}`;

/** Makes a request to a path of the server. */
export async function request({ configuration }, method, path, options = {}) {
  const { headers, contentType = "application/json", data, params, parseAs = "json", timeout } = options;
  const answer = await send(method, path, {
    baseUrl: configuration.hostUrl,
    auth: authOf(configuration, ownAuth),
    headers: { ...(contentType && { "Content-Type": contentType }), ...headers },
    query: params,
    body: data,
    parseAs,
    timeout,
    maxRedirections: 1,
  });
  return logResponse(answer);
}

/** The state after an answer; a list that CommCare wraps is the data alone. */
export function next(state, { body, ...response }, callback) {
  const answer = { ...response, body: body?.objects ?? body, meta: body?.meta };
  return nextState(state, answer, callback);
}
