// What phones send in tests: a form with a definition, filled in, and forms that follow children.
import { readFileSync } from "node:fs";
import { INBOX } from "./hub";

/** Phones and handsets may come in without a key. */
export const FIELD_PROJECT = `
project: clinic
title: Clinic network
sources:
  intake: { dialect: json, secret: ${INBOX} }
  phones: { dialect: openrosa, access: anonymous }
  handsets: { dialect: commcare, access: anonymous }
connections:
  warehouse: { url: "http://127.0.0.1:9/hook" }
forwarders:
  everything: { on: message, to: warehouse }
`;

export const RECEIVER = "/a/clinic/receiver/";

/** The definition of the form `births`, with labels in two languages, a repeat and a picture. */
export const BIRTHS = readFileSync(
  new URL("../../crates/dialects/tests/fixtures/xforms/births.xml", import.meta.url),
);

interface Birth {
  id: string;
  name: string;
  age: number;
  weight?: string;
  sick?: "y" | "n";
  /** Latitude and longitude, with a space between them. */
  place?: string;
  picture?: string;
  /** The id of what this corrects. */
  corrects?: string;
}

/** A filled form `births`. */
export function birth({ id, name, age, weight = "3.10", sick = "n", ...others }: Birth): string {
  const { place = "", picture = "", corrects } = others;
  const before = corrects === undefined ? "" : `<deprecatedID>uuid:${corrects}</deprecatedID>`;
  return `<data id="births" version="20260101"><username>grace</username><nom>${name}</nom>
    <age>${age}</age><weight>${weight}</weight><sick>${sick}</sick>
    <sym>${sick === "y" ? "f c" : ""}</sym><loc><gps>${place}</gps></loc>
    <contact><cname>Juma</cname><pic>${picture}</pic></contact>
    <meta><instanceID>uuid:${id}</instanceID>${before}</meta></data>`;
}

/** A CommCare form with case blocks. */
export function visit(id: string, blocks: string): string {
  return `<data xmlns="http://openrosa.org/formdesigner/Visit" name="Visit" version="3">
    <village>Kibera</village>${blocks}
    <meta xmlns="http://openrosa.org/jr/xforms"><instanceID>${id}</instanceID>
      <userID>u1</userID><username>grace</username></meta></data>`;
}

/** What a form does to a case. */
export function block(id: string, day: number, inside: string): string {
  return `<case xmlns="http://commcarehq.org/case/transaction/v2" case_id="${id}" user_id="u1"
    date_modified="2026-11-${day}T08:00:00.000000Z">${inside}</case>`;
}

export const created = (type: string, name: string) =>
  `<create><case_type>${type}</case_type><case_name>${name}</case_name>
    <owner_id>o1</owner_id></create>`;

/** The smallest picture that there is. */
export const PICTURE = new Blob(
  [
    Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
      "base64",
    ),
  ],
  { type: "image/png" },
);
