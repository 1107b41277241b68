// A definition as the project file has it: a connection, a source or a forwarder. Forms change it
// place by place, under the same paths by which the hub names mistakes in it.
import { type JsonNode, parseJson, prettyJson, writeJson } from "../payload/json";

/** What stands for a secret that is stored; given back, it keeps the secret. */
export const PLACEHOLDER = "•••••••";

/** What a field of a secret means: emptied, it is the stored one again, where there is one. */
export function secretTyped(typed: string, isStored: boolean): string {
  return typed === "" && isStored ? PLACEHOLDER : typed;
}

/** A value whose numbers must keep their digits: a filter. It is carried as the text that it is. */
export class Exact {
  constructor(readonly text: string) {}
}

export type Value = null | boolean | number | string | Exact | Value[] | Definition;
export interface Definition {
  [key: string]: Value | undefined;
  /** The keys in the order in which they were written, where the language would forget it. */
  [ORDER]?: readonly string[];
}

/** An object of the language puts keys that are whole numbers before all others, and a step may be called
 *  `10`: the order of the steps says where a run begins. */
const ORDER: unique symbol = Symbol("order");
const WHOLE_NUMBER = /^\d+$/;

/** A definition of these members, which keep their order. */
export function ordered(members: readonly (readonly [string, Value | undefined])[]): Definition {
  const definition: Definition = Object.fromEntries(members);
  const keys = members.map(([key]) => key);
  if (keys.some((key) => WHOLE_NUMBER.test(key))) {
    definition[ORDER] = keys;
  }
  return definition;
}

/** The members of a definition in the order in which they were written, those that came later last. */
export function membersOf(definition: Definition): [string, Value | undefined][] {
  const members = Object.entries(definition);
  const order = definition[ORDER];
  if (order === undefined) {
    return members;
  }
  const known = new Set(order);
  return [
    ...order.flatMap((key): [string, Value | undefined][] =>
      key in definition ? [[key, definition[key]]] : [],
    ),
    ...members.filter(([key]) => !known.has(key)),
  ];
}

/** Parts that hold values of messages, and therefore numbers of any size. */
const EXACT_KEYS = ["match", "unless"];
/** A part whose numbers say by their digits how exact they are: they are carried as texts, which
 *  the hub takes as well. */
const KEY_OF_DIGITS = "withhold";
/** A part that has such parts itself: what sets a workflow off. */
const KEY_OF_FILTERS = "trigger";
/** What a choice of a form has beside its text: any JSON, which goes on as it came. */
const KEY_OF_ATTRIBUTES = "attributes";

/** Reads one definition out of the text of an answer. */
export function readDefinition(node: JsonNode): Definition {
  const value = plainValue(node);
  if (!isDefinition(value)) {
    throw new Error("a definition is an object");
  }
  for (const { key, value: member } of node.kind === "object" ? node.members : []) {
    if (EXACT_KEYS.includes(key)) {
      value[key] = new Exact(prettyJson(member));
    } else if (key === KEY_OF_DIGITS) {
      value[key] = plainValue(member, (digits) => digits);
    } else if (key === KEY_OF_FILTERS && member.kind === "object") {
      value[key] = readDefinition(member);
    }
  }
  return value;
}

function plainValue(node: JsonNode, numberOf: (digits: string) => Value = Number): Value {
  switch (node.kind) {
    case "object":
      return ordered(
        node.members.map(({ key, value }) => [
          key,
          key === KEY_OF_ATTRIBUTES && value.kind === "object"
            ? new Exact(writeJson(value))
            : plainValue(value, numberOf),
        ]),
      );
    case "array":
      return node.items.map((item) => plainValue(item, numberOf));
    case "number":
      return numberOf(node.text);
    case "null":
      return null;
    default:
      return node.value;
  }
}

export function isDefinition(value: Value | undefined): value is Definition {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Exact)
  );
}

/** The definition as JSON text. What is left out of it is left out of the text. */
export function writeDefinition(value: Value): string {
  if (value instanceof Exact) {
    return writeJson(parseJson(value.text));
  }
  if (Array.isArray(value)) {
    return `[${value.map(writeDefinition).join(",")}]`;
  }
  if (isDefinition(value)) {
    const members = membersOf(value).flatMap(([key, member]) =>
      member === undefined ? [] : [`${JSON.stringify(key)}:${writeDefinition(member)}`],
    );
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The steps of a path such as `auth.basic.username` or `fields[2].label`: keys, and places in lists. */
const stepsOf = (path: string): (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, place, key = ""]) =>
    place === undefined ? key : Number(place),
  );

/** The value at a path. */
export function valueAt(definition: Definition, path: string): Value | undefined {
  let value: Value | undefined = definition;
  for (const step of stepsOf(path)) {
    if (typeof step === "number") {
      value = Array.isArray(value) ? value[step] : undefined;
    } else {
      value = isDefinition(value) ? value[step] : undefined;
    }
  }
  return value;
}

/** The definition with another value at a path. Nothing, or an empty text, removes the key or the
 *  element; what stands around it stays, since it may say what was chosen. */
export function withValue(
  definition: Definition,
  path: string,
  value: Value | undefined,
): Definition {
  const changed = changedAt(definition, stepsOf(path), value);
  return isDefinition(changed) ? changed : {};
}

function changedAt(
  around: Value | undefined,
  [step, ...rest]: readonly (string | number)[],
  value: Value | undefined,
): Value | undefined {
  if (step === undefined) {
    return value === "" ? undefined : value;
  }
  if (typeof step === "number") {
    const items = Array.isArray(around) ? around : [];
    const next = changedAt(items[step], rest, value);
    return next === undefined ? items.toSpliced(step, 1) : items.toSpliced(step, 1, next);
  }
  const changed: Definition = isDefinition(around) ? { ...around } : {};
  const next = changedAt(changed[step], rest, value);
  if (next === undefined) {
    delete changed[step];
  } else {
    changed[step] = next;
  }
  return changed;
}

/** A text at a path; numbers as they are written, empty where there is nothing. */
export function textAt(definition: Definition, path: string): string {
  const value = valueAt(definition, path);
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}
