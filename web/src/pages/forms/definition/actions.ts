// What can happen in a status: the kinds of actions, what a new one begins with, and what one is called in a
// list. One key of an action says what it is. Pure.
import {
  type Definition,
  isDefinition,
  textAt,
  type Value,
  valueAt,
} from "../../../definitions/definition";
import type { OwnFormWords } from "../../../i18n/ownForms";
import { PREVIOUS, RECEIVER, whoAt } from "./shape";

export const ACTION_KINDS = [
  ...(["jump", "call", "comment", "mail", "edit", "attach"] as const),
  ...(["set", "geolocate", "criticality", "assign", "anonymise", "delete"] as const),
] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

/** Those that wait for somebody: a global action happens at once. */
const WAITING: readonly ActionKind[] = ["comment", "edit", "attach"];
export const kindsFor = (isGlobal: boolean): readonly ActionKind[] =>
  isGlobal ? ACTION_KINDS.filter((kind) => !WAITING.includes(kind)) : ACTION_KINDS;

export const kindOf = (action: Definition): ActionKind | undefined =>
  ACTION_KINDS.find((kind) => kind in action);

/** What is known where an action is added. */
export interface Beginning {
  statuses: readonly string[];
  connections: readonly string[];
  maps: readonly string[];
  added: readonly string[];
  roles: readonly string[];
  isGlobal: boolean;
}

/** What an action of a kind begins with: as much as it cannot lack. */
export function newAction(kind: ActionKind, around: Beginning): Definition {
  const by = [RECEIVER];
  const [first = ""] = around.statuses;
  switch (kind) {
    case "jump":
      return around.isGlobal ? { jump: first } : { jump: first, by };
    case "call":
      return { call: { connection: around.connections[0] ?? "", post: true } };
    case "mail":
      return { mail: { to: ["_submitter"], subject: "", body: "" } };
    case "geolocate":
      return { geolocate: around.maps[0] ?? "" };
    case "anonymise":
      return { anonymise: "final" };
    case "delete":
      return { delete: true };
    case "set":
      return { set: around.added[0] === undefined ? {} : { [around.added[0]]: "" } };
    case "criticality":
      return { criticality: "raise" };
    case "assign":
      return { assign: { [RECEIVER]: around.roles[0] ?? "" } };
    default:
      return { [kind]: true, by };
  }
}

interface Names {
  words: OwnFormWords["formEditor"];
  status: (id: string) => string;
  who: (id: string) => string;
}

const keysAt = (value: Value | undefined) => (isDefinition(value) ? Object.keys(value) : []);

/** An action in a few words. */
export function toldAction(action: Definition, names: Names): string {
  const { words, status, who } = names;
  const kind = kindOf(action);
  if (kind === undefined) {
    return words.unknownAction;
  }
  const { told } = words;
  const people = whoAt(action, "by").map(who).join(", ");
  switch (kind) {
    case "jump": {
      const to = textAt(action, "jump");
      const where = to === PREVIOUS ? words.previous : status(to);
      return told.jump(where, textAt(action, "label"));
    }
    case "call":
      return told.call(textAt(action, "call.label") || textAt(action, "call.connection"));
    case "mail":
      return told.mail(whoAt(action, "mail.to").map(who).join(", "));
    case "set":
      return told.set(keysAt(action.set).join(", "));
    case "geolocate":
      return told.geolocate(textAt(action, "geolocate"));
    case "criticality":
      return words.actions.criticality;
    case "assign":
      return told.assign(keysAt(action.assign).map(who).join(", "));
    case "anonymise":
    case "delete":
      return words.actions[kind];
    default:
      return told.by(textAt(action, "label") || words.actions[kind], people);
  }
}

/** When an action is taken, in a few words. */
export function toldWhen(action: Definition, names: Names): string {
  const { told } = names.words;
  const condition = textAt(action, "condition");
  const when = "jump" in action ? toldJump(action, names) : [];
  return [...when, ...(condition === "" ? [] : [told.condition(condition)])].join(" · ");
}

function toldJump(jump: Definition, { words, who }: Names): string[] {
  const { told } = words;
  const [trigger, timeout] = [textAt(jump, "trigger"), textAt(jump, "timeout")];
  const people = whoAt(jump, "by").map(who).join(", ");
  const all = [
    ...(trigger === "" ? [] : [told.trigger(trigger)]),
    ...(timeout === "" ? [] : [told.timeout(timeout)]),
    ...(people === "" ? [] : [told.people(people)]),
  ];
  return all.length === 0 ? [told.atOnce] : all;
}

/** The statuses to which the failures of a call lead, each with what failed. */
export const failuresOf = (action: Definition): { to: string; what: string }[] => {
  const policies = valueAt(action, "call.on_error");
  return isDefinition(policies)
    ? Object.entries(policies).flatMap(([what, policy]) =>
        isDefinition(policy) && textAt(policy, "jump") !== ""
          ? [{ to: textAt(policy, "jump"), what }]
          : [],
      )
    : [];
};
