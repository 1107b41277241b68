// One statement, done by the hub with the step's credential, and its rows as a client of Node.js has them.

import { host } from "fieldpost:host";

// A name that could stand without quotes means what it would mean there: PostgreSQL reads it in lower case.
const isPlain = /^[a-z_][\w$]*$/i;
const parts = /"(?:[^"]|"")*"|[^.]+/g;

function quotePart(part) {
  const text = part.trim();
  if (/^".*"$/s.test(text)) return `"${text.slice(1, -1).replaceAll('""', '"').replaceAll('"', '""')}"`;
  return `"${(isPlain.test(text) ? text.toLowerCase() : text).replaceAll('"', '""')}"`;
}

/** A name as the database takes it, whatever it is: `births`, `clinic.births`, `"Births"`. */
export function quoteName(name) {
  const text = String(name ?? "");
  const found = text.match(parts);
  if (!found) throw new Error("The name of a table or column is empty");
  return found.map(quotePart).join(".");
}

/** Text within quotes; one with backslashes says so, whatever the database is set to. */
export function quoteText(text) {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? `E${quoted}` : quoted;
}

const day = (text) => (/^-?infinity$/.test(text) ? text : new Date(text));
const makers = {
  bytea: (text) => Buffer.from(text, "base64"),
  date: day,
  timestamp: day,
  timestamptz: day,
  float4: Number,
  float8: Number,
};

function revived(value, type) {
  if (value === null) return null;
  if (type.startsWith("_") && Array.isArray(value)) return value.map((item) => revived(item, type.slice(1)));
  if (Array.isArray(value) && makers[type]) return value.map((item) => revived(item, type));
  return makers[type] ? makers[type](value) : value;
}

function tlsOf({ ssl, allowSelfSignedCert, ca, cert, key }) {
  if (!ssl) return null;
  return { ca: ca ?? null, cert: cert ?? null, key: key ?? null, insecure: Boolean(allowSelfSignedCert) };
}

const given = (value) => (value === undefined ? null : value instanceof Uint8Array ? `\\x${Buffer.from(value).toString("hex")}` : value);

/** Has the database of the step's credential do a statement. */
export async function run({ configuration = {} }, statement, values = [], timeout) {
  const { host: server, port, database, user, password } = configuration;
  for (const [name, value] of Object.entries({ host: server, database, user })) {
    if (!value) throw new Error(`The credential has no ${name}: a database is opened with host, database, user and password`);
  }
  const answer = await host("sql", {
    host: String(server),
    port: port ? Number(port) : null,
    database: String(database),
    user: String(user),
    password: password === undefined ? null : String(password),
    tls: tlsOf(configuration),
    statement: String(statement),
    values: values.map(given),
    timeout_ms: timeout ?? null,
  });
  if (answer.failure) {
    const { message, ...rest } = answer.failure;
    throw Object.assign(new Error(message), rest);
  }
  const { columns, affected } = answer;
  const rows = answer.rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, place) => [name, revived(row[place], type)])),
  );
  const [command] = /\w+/.exec(statement) ?? [""];
  return { command: command.toUpperCase(), rowCount: affected, rows, fields: columns };
}
