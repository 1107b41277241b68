// A connection that is a database: its URL in parts, `postgres://host:port/database?sslmode=disable`.
import { type Definition, isDefinition, textAt } from "../../definitions/definition";
import { withKind } from "./authentication";

export interface Database {
  /** With its port, where that is another than the usual one. */
  host: string;
  name: string;
  /** Whether what travels is encrypted: it is, unless the URL says otherwise. */
  isSecure: boolean;
}

const URL_OF_DATABASE =
  /^postgres(?:ql)?:\/\/([^/?#]*)\/?([^?#]*)(\?sslmode=(?:require|disable))?$/i;

/** Whether a URL is that of a database. */
export const isDatabase = (url: string): boolean => /^postgres(ql)?:/i.test(url);

/** The parts of a URL; null for one that is of no database, or says more than the parts can. */
export function databaseOf(url: string): Database | null {
  const found = URL_OF_DATABASE.exec(url.trim());
  return found === null
    ? null
    : {
        host: found[1] ?? "",
        name: found[2] ?? "",
        isSecure: found[3]?.toLowerCase() !== "?sslmode=disable",
      };
}

export const urlOfDatabase = ({ host, name, isSecure }: Database): string =>
  `postgres://${host.trim()}/${name.trim()}${isSecure ? "" : "?sslmode=disable"}`;

export const NO_DATABASE: Database = { host: "", name: "", isSecure: true };

/** The definition of a connection that becomes a database: with a user and a password, which may be
 *  there already. */
export function asDatabase(definition: Definition, url: string): Definition {
  const { auth } = definition;
  const isBasic = isDefinition(auth) && auth.basic !== undefined;
  return { ...(isBasic ? definition : withKind(definition, "basic")), url };
}

/** The definition as it is saved: what belongs to requests says nothing of a database. */
export function fittingDestination(definition: Definition): Definition {
  if (!isDatabase(textAt(definition, "url"))) {
    return definition;
  }
  const { signing_secret: _, previous_signing_secret: __, ...rest } = definition;
  return rest;
}
