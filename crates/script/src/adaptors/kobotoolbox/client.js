// Requests to KoboToolbox.

import { logResponse, request as send } from "@openfn/language-common/http";
import { authOf } from "@openfn/language-common/service";

const header = (value) => ({ header: { name: "Authorization", value } });
const ownAuth = ({ token }) => token && header(`Token ${token}`);

// The server wants a slash at the end of each path.
function pathOf({ apiVersion }, path) {
  const [way, search] = String(path).split("?", 2);
  const bare = way.replace(/^\/+|\/+$/g, "");
  return `/api/${apiVersion || "v2"}/${bare}/${search ? `?${search}` : ""}`;
}

/** Makes a request to a path below the API. */
export async function request({ configuration }, method, path, options = {}) {
  const { data, body = data, headers, maxRedirections, parseAs = "json", query, timeout } = options;
  const answer = await send(method, pathOf(configuration, path), {
    baseUrl: configuration.baseUrl || "https://kf.kobotoolbox.org",
    auth: authOf(configuration, ownAuth),
    headers: { "Content-Type": "application/json", ...headers },
    query: { format: "json", ...query },
    body,
    parseAs,
    timeout,
    maxRedirections,
  });
  return logResponse(answer);
}
