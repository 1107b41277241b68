// A request as a command that a person can run in a shell. Pure.
//
// The hub masks credentials before it keeps a request. Each masked place becomes a variable of the
// shell, so that nothing secret is copied and the command works once the variables are set. All
// else stands between single quotes, inside which no character means anything to the shell.

/** What stands where a credential was. */
const MASK = /•+/g;
/** Longer bodies, and those that are no text, are read from a file. */
export const MOST_CHARACTERS = 32_768;
const NUL = "\u0000";
/** Headers that curl makes itself, from the address and the body. */
const MADE_BY_CURL = new Set(["host", "content-length", "connection", "transfer-encoding"]);

export interface CurlRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
}

export type CurlBody =
  | { kind: "none" }
  | { kind: "text"; text: string }
  | { kind: "file"; name: string };

export interface Curl {
  command: string;
  /** Variables of the shell that stand for credentials. */
  variables: string[];
}

/** The body as a command carries it: as text where that is exact and short, else from a file. */
export function curlBody(text: string | null, bytes: number, file: string): CurlBody {
  if (bytes === 0) {
    return { kind: "none" };
  }
  return text === null || text.length > MOST_CHARACTERS || text.includes(NUL)
    ? { kind: "file", name: file }
    : { kind: "text", text };
}

/** A text as one word of a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function curlOf(request: CurlRequest, body: CurlBody): Curl {
  const variables: string[] = [];
  const masked = (text: string, name: (before: string) => string) =>
    unmasked(text, name, variables);
  const lines = [
    `curl --globoff ${methodOf(request.method, body)}${masked(request.url, nameInUrl)}`,
    ...Object.entries(request.headers)
      .filter(([name]) => !MADE_BY_CURL.has(name.toLowerCase()))
      .map(([name, value]) => {
        // Without a value, curl takes a header that ends in `;` for an empty one.
        const header = value === "" ? `${name};` : `${name}: ${value}`;
        return `--header ${masked(header, () => variableOf(name))}`;
      }),
    ...unasked(request, body),
    ...bodyOf(body),
  ];
  return { command: lines.join(" \\\n  "), variables };
}

function methodOf(method: string, body: CurlBody): string {
  if (method === "HEAD") {
    return "--head ";
  }
  const usual = body.kind === "none" ? "GET" : "POST";
  return method === usual ? "" : `--request ${quoted(method)} `;
}

/** curl says that a body is a form, unless the request says what it is. */
function unasked({ headers }: CurlRequest, body: CurlBody): string[] {
  const says = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  return body.kind === "none" || says ? [] : ["--header 'content-type:'"];
}

function bodyOf(body: CurlBody): string[] {
  switch (body.kind) {
    case "none":
      return [];
    case "text":
      // Unlike the other forms, this one takes a leading `@` for what it is.
      return [`--data-raw ${quoted(body.text)}`];
    case "file":
      return [`--data-binary ${quoted(`@${body.name}`)}`];
  }
}

/** A text with its masked places as variables: `'Bearer '"$AUTHORIZATION"`. */
function unmasked(text: string, name: (before: string) => string, variables: string[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const found of text.matchAll(MASK)) {
    const variable = name(text.slice(0, found.index));
    if (!variables.includes(variable)) {
      variables.push(variable);
    }
    if (found.index > at) {
      parts.push(quoted(text.slice(at, found.index)));
    }
    parts.push(`"$${variable}"`);
    at = found.index + found[0].length;
  }
  if (at < text.length || parts.length === 0) {
    parts.push(quoted(text.slice(at)));
  }
  return parts.join("");
}

/** In an address, a parameter has a name; what stands before it belongs to the user. */
function nameInUrl(before: string): string {
  const parameter = /[?&]([^=?&]+)=[^=?&]*$/.exec(before)?.[1];
  return parameter === undefined ? "PASSWORD" : variableOf(parameter);
}

/** The name of a variable of the shell. */
function variableOf(name: string): string {
  const plain = name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
  return /^[A-Z]/.test(plain) ? plain : `SECRET_${plain}`;
}
