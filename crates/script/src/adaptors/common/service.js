// What the adaptors of services share: how a step begins, what it makes of an answer, and how it
// stays signed in.

import { composeNextState, execute as inSeries } from "@openfn/language-common";

/** An `execute` for an adaptor: states have references and data from the beginning on. */
export const execute =
  (...operations) =>
  (state) =>
    inSeries(...operations)({ references: [], data: null, ...state });

const same = (state) => state;

/** The state after an answer: its body is the data, the rest of it the response. */
export function nextState(state, { body, ...response }, callback) {
  return (callback || same)({ ...composeNextState(state, body), response });
}

/** The body of an answer and nothing else, as the new data. */
export function nextData(state, body, callback) {
  return (callback || same)(composeNextState(state, body));
}

/** A path without slashes at its beginning. */
export const relative = (path) => String(path ?? "").replace(/^\/+/, "");

/** An error with what else is known of it. */
export function failure(message, extras) {
  return Object.assign(new Error(message), extras);
}

/**
 * How a request proves who it is of: by what `own` says of the credential, else by a user with a
 * password, a token or headers. Where the credential says so, the hub does it as its connection has it.
 */
export function authOf(configuration, own = () => undefined) {
  const { access_token: token, authType, headers, password, username } = configuration;
  if (authType === "connection") return authType;
  const found = own(configuration);
  if (found) return found;
  if (username && password) return { [authType === "digest" ? "digest" : "basic"]: { username, password } };
  if (token) return { bearer: token };
  if (headers && Object.keys(headers).length) return { headers };
  throw failure("The credential is for nobody: it has neither a user with a password nor a token", {
    code: "NO_CREDENTIAL",
  });
}

// A configuration without what a login has put into it.
const keyOf = ({ access_token: _, ...configuration }) => JSON.stringify(configuration);

const isConnections = ({ authType }) => authType === "connection";

/**
 * Signs in where a token is needed: once in a step, and once more where a service takes it no longer.
 * `login` promises a token for a configuration.
 */
export class Session {
  #login;
  #tokens = new Map();

  constructor(login) {
    this.#login = login;
  }

  /** Promises the token that requests are made with now. */
  token(configuration) {
    const key = keyOf(configuration);
    if (!this.#tokens.has(key)) {
      const given = configuration.access_token;
      this.#tokens.set(key, given ? Promise.resolve(given) : this.#login(configuration));
    }
    return this.#tokens.get(key);
  }

  /** What `send` promises, which is given the proof to show. */
  async with(configuration, send) {
    // The hub signs in by itself.
    if (isConnections(configuration)) return send(configuration.authType);
    const token = this.token(configuration);
    try {
      return await send({ bearer: await token });
    } catch (error) {
      if (error?.statusCode !== 401) throw error;
      // Of requests that are refused at once, the first signs in for the others.
      const key = keyOf(configuration);
      if (this.#tokens.get(key) === token) this.#tokens.set(key, this.#login(configuration));
      return send({ bearer: await this.#tokens.get(key) });
    }
  }

  /** An operation that signs in, and leaves the token in the configuration for the job. */
  signIn() {
    return async (state) => {
      if (isConnections(state.configuration)) return state;
      const token = await this.token(state.configuration);
      return { ...state, configuration: { ...state.configuration, access_token: token } };
    };
  }
}
