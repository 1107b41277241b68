// Requests to ODK Central, which wants a token that a login gives.

import { logResponse, request as send } from "@openfn/language-common/http";
import { Session, failure, relative } from "@openfn/language-common/service";

async function login({ baseUrl, email, password }) {
  if (!email || !password) {
    throw failure("The credential is for nobody: it needs an email and a password, or an access_token", {
      code: "NO_CREDENTIAL",
    });
  }
  // A redirect is not followed: it would take the password along to wherever it leads.
  const { body } = await send("POST", "/v1/sessions", {
    baseUrl,
    headers: { "Content-Type": "application/json" },
    body: { email, password },
    parseAs: "json",
  });
  if (!body?.token) throw failure("ODK Central answered the login without a token", { code: "NO_TOKEN" });
  return body.token;
}

/** Who is signed in. */
export const session = new Session(login);

/** Makes a request to a path of the server. */
export function request({ configuration }, method, path, body, options = {}) {
  const { headers, ...others } = options ?? {};
  return session.with(configuration, async (auth) => {
    const answer = await send(method, `/${relative(path)}`, {
      parseAs: "json",
      ...others,
      baseUrl: configuration.baseUrl,
      auth,
      headers: { "Content-Type": "application/json", ...headers },
      body,
    });
    return logResponse(answer);
  });
}
