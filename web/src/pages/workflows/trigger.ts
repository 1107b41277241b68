// What sets a workflow off, as a definition has it, and which of its keys say something for which
// event. A form keeps what was typed for another kind while it is open; what is saved has only the
// keys that say something. Pure.
import { type Definition, isDefinition, textAt } from "../../definitions/definition";
import { broughtBy, EVENTS, type EventName, type FormatName } from "../forwarders/events";

export const TROUBLES = ["delivery-ended", "incident-opened", "incident-closed"] as const;
export type TroubleName = (typeof TROUBLES)[number];

export type TriggerKind = "manual" | "cron" | EventName | TroubleName;

export const TRIGGER_KINDS: readonly TriggerKind[] = [...EVENTS, "cron", ...TROUBLES, "manual"];

export function triggerOf(definition: Definition): Definition {
  return isDefinition(definition.trigger) ? definition.trigger : {};
}

export function kindOf(definition: Definition): TriggerKind {
  if (!isDefinition(definition.trigger)) {
    return "manual";
  }
  const trigger = definition.trigger;
  const event = textAt(trigger, "event");
  if (trigger.cron !== undefined) {
    return "cron";
  }
  return TRIGGER_KINDS.find((each) => each === event) ?? "message";
}

export const isEvent = (kind: TriggerKind): kind is EventName =>
  EVENTS.some((event) => event === kind);

/** The keys that only a schedule has. */
const OF_CRON = ["cron", "time_zone", "overlap", "catch_up", "cursor_step"];
const OF_CONTENT = ["source", "match", "unless", "headers", "query"];
const OF_FORMS = ["forms", "applications"];

/** The keys that say something for a kind, beside `event`. */
export function keysOf(kind: TriggerKind): readonly string[] {
  if (kind === "cron") {
    return OF_CRON;
  }
  if (!isEvent(kind)) {
    return [];
  }
  switch (broughtBy(kind)) {
    case "message":
      return [...OF_CONTENT, "reply"];
    case "submission":
      return [...OF_CONTENT, ...OF_FORMS, "users", "without_users", "format"];
    case "case":
      return [...OF_CONTENT, ...OF_FORMS, "case_types", "users", "without_users", "format"];
    case "application":
      return [...OF_FORMS, "format"];
  }
}

/** The definition with another kind of trigger; what was typed for the one before stays. */
export function withKind(definition: Definition, kind: TriggerKind): Definition {
  if (kind === "manual") {
    const { trigger: _, ...rest } = definition;
    return rest;
  }
  const { cron, event: _, ...kept } = triggerOf(definition);
  const trigger =
    kind === "cron"
      ? { ...kept, cron: cron ?? "0 * * * *" }
      : kind === "message"
        ? kept
        : { ...kept, event: kind };
  return { ...definition, trigger };
}

/** The definition as it is saved: its trigger without the keys that say nothing. */
export function fittingTrigger(definition: Definition): Definition {
  const kind = kindOf(definition);
  if (kind === "manual") {
    return definition;
  }
  const keys = ["event", ...keysOf(kind)];
  const kept = Object.entries(triggerOf(definition)).filter(([key]) => keys.includes(key));
  const trigger = Object.fromEntries(kept);
  // A trigger that says nothing at all would be none: then it says its event.
  return {
    ...definition,
    trigger: kind === "message" && kept.length === 0 ? { event: "message" } : trigger,
  };
}

const OF_FORM: readonly FormatName[] = ["kobo", "wcs", "geojson", "stub", "json"];
const OF_CASE: readonly FormatName[] = ["case_json", "normalised", "geojson"];

/** What `state.data` can be made of, for each event; the first is what it is where nothing is said. */
export const TRIGGER_FORMATS: Record<EventName, readonly FormatName[]> = {
  message: ["json"],
  form: ["form_json", "normalised", ...OF_FORM],
  submission: ["normalised", "form_json", ...OF_FORM],
  "form-stub": ["stub"],
  case: OF_CASE,
  "case-created": OF_CASE,
  "case-updated": OF_CASE,
  "app-schema": ["schema_json"],
};

/** What the hub tries a filter with; null where a trigger has none. */
export function filterOf(definition: Definition): Definition | null {
  const kind = kindOf(definition);
  if (!isEvent(kind) || broughtBy(kind) === "application") {
    return null;
  }
  const {
    source,
    headers,
    query,
    format: _f,
    reply: _r,
    event: _e,
    ...rest
  } = triggerOf(fittingTrigger(definition));
  return {
    on: kind,
    ...rest,
    ...(source === undefined ? {} : { from: source }),
    ...(headers === undefined ? {} : { match_headers: headers }),
    ...(query === undefined ? {} : { match_query: query }),
  };
}
