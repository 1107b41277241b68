// The kinds of proving oneself to a destination, as a form needs them: what stands in a definition
// when a kind is chosen, and which kind a definition has.
import {
  type Definition,
  isDefinition,
  textAt,
  type Value,
  withValue,
} from "../../definitions/definition";

export const KINDS = [
  "none",
  "basic",
  "digest",
  "bearer",
  "api_key",
  "headers",
  "oauth2_client",
  "oauth2_password",
  "login",
  "signed_url",
] as const;
export type Kind = (typeof KINDS)[number];

export function kindOf(definition: Definition): Kind {
  const { auth } = definition;
  if (!isDefinition(auth)) {
    return "none";
  }
  return KINDS.find((kind) => auth[kind] !== undefined) ?? "none";
}

/** The definition with another kind. What one kind has in common with another is taken along, but
 *  no placeholder: a stored secret is found by its place. */
export function withKind(definition: Definition, kind: Kind): Definition {
  if (kind === "none") {
    return withValue(definition, "auth", undefined);
  }
  const before = isDefinition(definition.auth) ? definition.auth[kindOf(definition)] : undefined;
  const username = isDefinition(before) ? before.username : undefined;
  return { ...definition, auth: { [kind]: beginning(kind, username) } };
}

function beginning(kind: Kind, username: Value | undefined): Definition | undefined {
  const named: Definition = typeof username === "string" ? { username } : {};
  switch (kind) {
    case "none":
    case "bearer":
    case "headers":
    case "signed_url":
    case "oauth2_client":
      return {};
    case "api_key":
      return { header: "x-api-key" };
    case "login":
      return { preset: "commcare", ...named };
    default:
      return named;
  }
}

/** A bearer token is written as a text or as `{ token }`; a form needs one way. */
export function normalised(definition: Definition): Definition {
  const { auth } = definition;
  return isDefinition(auth) && typeof auth.bearer === "string"
    ? { ...definition, auth: { bearer: { token: auth.bearer } } }
    : definition;
}

/** The paths of the fields of a connection's form, for the mistakes that they can show. */
export const CONNECTION_FIELDS: readonly string[] = [
  "url",
  "auth",
  "notify",
  "timeout",
  "concurrency",
  "rate",
  "tls.ca",
  "tls.client_certificate",
  "tls.client_key",
  "tls.client_key_passphrase",
  "tls.skip_verification",
  "signing_secret",
  "previous_signing_secret",
  "incident.failures",
  "incident.share",
  "incident.window",
  "incident.remind_every",
  ...["basic.username", "basic.password", "digest.username", "digest.password"].map(inAuth),
  ...["bearer.token", "api_key.header", "api_key.key", "headers"].map(inAuth),
  ...["oauth2_client", "oauth2_password"].flatMap((kind) =>
    [
      "token_url",
      "preset",
      "client_id",
      "client_secret",
      "username",
      "password",
      "credentials",
      "scope",
    ].map((key) => inAuth(`${kind}.${key}`)),
  ),
  ...["preset", "username", "password", "url", "body", "fields", "token_at", "lifetime_at"]
    .concat("lifetime", "send_as", "send_as.header", "send_as.query", "send_as.prefix")
    .map((key) => inAuth(`login.${key}`)),
  ...["orig", "key", "algorithm", "email", "name_id"].map((key) => inAuth(`signed_url.${key}`)),
];

function inAuth(path: string): string {
  return `auth.${path}`;
}

/** Whether secrets would go elsewhere than before: another scheme, host or port, or TLS that
 *  trusts more. The hub asks for them again then. */
export function secretsLeave(saved: Definition, definition: Definition): boolean {
  const places = ["url", ...tokenPlaces(saved)];
  return places.some((path) => {
    const origin = originAt(definition, path);
    return origin !== null && origin !== originAt(saved, path);
  });
}

function tokenPlaces(definition: Definition): string[] {
  const kind = kindOf(definition);
  if (kind === "oauth2_client" || kind === "oauth2_password") {
    return [`auth.${kind}.token_url`];
  }
  return kind === "login" ? ["auth.login.url"] : [];
}

/** Scheme, host and port at a path; null for what is no address (yet). */
function originAt(definition: Definition, path: string): string | null {
  try {
    // The origin of what is no address of the web, such as that of a database, says nothing.
    const { protocol, host } = new URL(textAt(definition, path));
    return `${protocol}//${host}`;
  } catch {
    return null;
  }
}
