// Requests to Go.Data, which wants a token that a login gives.

import { logResponse, request as send } from "@openfn/language-common/http";
import { Session, failure, relative } from "@openfn/language-common/service";

// The address may be that of a resource, as a connection of forwarders has it.
const base = ({ apiUrl }) => String(apiUrl).replace(/(\/api)\/.*$|\/+$/, "$1");

async function login(configuration) {
  const { email, password } = configuration;
  // A redirect is not followed: it would take the password along to wherever it leads.
  const { body } = await send("POST", "/users/login", {
    baseUrl: base(configuration),
    headers: { "Content-Type": "application/json" },
    body: { email, password },
    parseAs: "json",
  });
  // The first is of the older login, the others of the newer one.
  const token = body?.id ?? body?.access_token ?? body?.response?.access_token;
  if (!token) throw failure("Go.Data answered the login without a token", { code: "NO_TOKEN" });
  return token;
}

/** Who is signed in. */
export const session = new Session(login);

/** Makes a request to a path below the API. */
export function request({ configuration }, method, path, { query, data, headers, parseAs = "json" } = {}) {
  return session.with(configuration, async (auth) => {
    const answer = await send(method, `/${relative(path)}`, {
      baseUrl: base(configuration),
      auth,
      headers: { "Content-Type": "application/json", ...headers },
      query,
      body: data,
      parseAs,
      maxRedirections: 1,
    });
    return logResponse(answer);
  });
}
