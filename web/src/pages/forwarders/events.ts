// What each event brings, what that can be sent as, and which keys of a forwarder then say something:
// the table of docs/reference/project-file.md. A form keeps what was typed for another event or format
// while it is open; what is saved, and previewed, has only the keys that say something.
import { type Definition, textAt } from "../../definitions/definition";

export const EVENTS = [
  "message",
  "form",
  "submission",
  "form-stub",
  "case",
  "case-created",
  "case-updated",
  "app-schema",
] as const;
export type EventName = (typeof EVENTS)[number];

/** What a delivery of an event carries. */
export type Brought = "message" | "submission" | "case" | "application";

const FORM_FORMATS = [
  "form_xml",
  "form_json",
  "normalised",
  "kobo",
  "wcs",
  "geojson",
  "stub",
  "as-received",
  "json",
  "template",
  "table",
] as const;
const CASE_FORMATS = [
  "case_xml",
  "case_json",
  "normalised",
  "geojson",
  "template",
  "table",
] as const;
export type FormatName =
  | (typeof FORM_FORMATS)[number]
  | (typeof CASE_FORMATS)[number]
  | "schema_id"
  | "schema_json";

/** The formats of each event; the first is the one that is sent where nothing is said. */
const FORMATS: Record<EventName, readonly [FormatName, ...FormatName[]]> = {
  message: ["as-received", "json"],
  form: FORM_FORMATS,
  submission: [
    "normalised",
    "form_json",
    "form_xml",
    "kobo",
    "wcs",
    "geojson",
    "stub",
    "as-received",
    "json",
    "template",
    "table",
  ],
  "form-stub": ["stub"],
  case: CASE_FORMATS,
  "case-created": CASE_FORMATS,
  "case-updated": CASE_FORMATS,
  "app-schema": ["schema_id", "schema_json", "template"],
};

export const eventOf = (definition: Definition): EventName =>
  EVENTS.find((event) => event === textAt(definition, "on")) ?? "message";

export function broughtBy(event: EventName): Brought {
  switch (event) {
    case "message":
      return "message";
    case "form":
    case "submission":
    case "form-stub":
      return "submission";
    case "case":
    case "case-created":
    case "case-updated":
      return "case";
    case "app-schema":
      return "application";
  }
}

/** The formats of an event to a destination of that kind: rows of a table go to a database, and a
 *  database takes nothing else. Unknown, while none is chosen, is both. */
export function formatsOf(event: EventName, isDatabase: boolean | null = null): FormatName[] {
  return FORMATS[event].filter(
    (format) => isDatabase === null || (format === "table") === isDatabase,
  );
}

/** What is sent where nothing is said. */
export const usualFormat = (event: EventName): FormatName => FORMATS[event][0];

/** The format of a definition: the usual one where it says none, or one that the event has not. */
export function formatOf(definition: Definition): FormatName {
  const event = eventOf(definition);
  return (
    FORMATS[event].find((format) => format === textAt(definition, "format")) ?? usualFormat(event)
  );
}

/** The definition with another event, and with the format that it had where that still fits. */
export function withEvent(
  definition: Definition,
  event: EventName,
  isDatabase: boolean | null,
): Definition {
  const { on: _, ...rest } = definition;
  return fittingFormat(event === "message" ? rest : { ...rest, on: event }, isDatabase);
}

/** The definition with a format that its event and its destination have. */
export function fittingFormat(definition: Definition, isDatabase: boolean | null): Definition {
  const event = eventOf(definition);
  const fitting = formatsOf(event, isDatabase);
  const format = fitting.includes(formatOf(definition)) ? formatOf(definition) : fitting[0];
  const { format: _, ...rest } = definition;
  return format === undefined || format === usualFormat(event) ? rest : { ...rest, format };
}

/** Which keys say something only of some of what is brought, or of some formats. */
const ASKS_MESSAGE: readonly Brought[] = ["message", "submission", "case"];
const ASKS_FORM: readonly Brought[] = ["submission", "case", "application"];
const BROUGHT: Record<string, readonly Brought[]> = {
  from: ASKS_MESSAGE,
  match: ASKS_MESSAGE,
  unless: ASKS_MESSAGE,
  match_headers: ASKS_MESSAGE,
  match_query: ASKS_MESSAGE,
  forms: ASKS_FORM,
  applications: ASKS_FORM,
  case_types: ["case"],
  users: ["submission", "case"],
  without_users: ["submission", "case"],
  withhold: ["message", "submission", "case"],
  app_id: ["submission"],
};
const OF_FORMATS: Record<string, readonly FormatName[]> = {
  case_xml_version: ["case_xml"],
  closed_cases: ["case_xml", "case_json"],
  template: ["template"],
  content_type: ["template"],
  position: ["geojson"],
  table: ["table"],
};
const NOT_OF_FORMATS: Record<string, readonly FormatName[]> = {
  withhold: ["stub", "as-received"],
  app_id: ["table"],
  method: ["table"],
  headers: ["table"],
  query: ["table"],
};

/** Whether a key says something in a forwarder of that event and format. */
export function applies(key: string, event: EventName, format: FormatName): boolean {
  return (
    BROUGHT[key]?.includes(broughtBy(event)) !== false &&
    OF_FORMATS[key]?.includes(format) !== false &&
    NOT_OF_FORMATS[key]?.includes(format) !== true
  );
}

/** The definition as it is saved: without the keys that say nothing. */
export function fitting(definition: Definition): Definition {
  const [event, format] = [eventOf(definition), formatOf(definition)];
  return Object.fromEntries(
    Object.entries(definition).filter(([key]) => applies(key, event, format)),
  );
}
