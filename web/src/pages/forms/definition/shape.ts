// The definition of a form as its editor reads and changes it: lists whose order counts, objects whose keys
// are ids that other places name, and the short forms in which a function may be written. Whatever is not
// named here is carried along untouched. Pure.
import {
  type Definition,
  isDefinition,
  membersOf,
  ordered,
  textAt,
  type Value,
  valueAt,
  withValue,
} from "../../../definitions/definition";
import { namesIn } from "../../../definitions/names";

export const FIELD_TYPES = [
  ...(["string", "text", "email", "phone", "bool", "numeric", "date"] as const),
  ...(["item", "items", "ranked-items", "file", "map"] as const),
  ...(["block", "table", "tablerows", "computed"] as const),
  ...(["page", "title", "subtitle", "comment"] as const),
] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

/** What is only looked at. */
const LAYOUT: readonly string[] = ["page", "title", "subtitle", "comment"];
export const isLayout = (type: string) => LAYOUT.includes(type);
export const hasItems = (type: string) => ["item", "items", "ranked-items"].includes(type);
export const hasColumns = (type: string) => ["table", "tablerows"].includes(type);

/** What is picked from a list names nobody. */
export const usualAnonymise = (type: string) =>
  type === "bool" || hasItems(type) ? "no" : "final";

export const USUAL_DISPLAY: readonly string[] = ["validation", "summary"];
export const RECEIVER = "_receiver";
export const PREVIOUS = "_previous";

/** The objects of a list at a path. */
export function listAt(definition: Definition, path: string): Definition[] {
  const value = valueAt(definition, path);
  return Array.isArray(value) ? value.map((each) => (isDefinition(each) ? each : {})) : [];
}

/** What stands under the keys of an object at a path. */
export function entriesAt(definition: Definition, path: string): [string, Value | undefined][] {
  const value = valueAt(definition, path);
  return isDefinition(value) ? membersOf(value) : [];
}

export const idsAt = (definition: Definition, path: string): string[] =>
  entriesAt(definition, path).map(([id]) => id);

function moved<Each>(all: readonly Each[], from: number, to: number): Each[] {
  const [one] = all.slice(from, from + 1);
  return one === undefined ? [...all] : all.toSpliced(from, 1).toSpliced(to, 0, one);
}

/** A definition in which an element of a list, or a key of an object, stands at another place. */
export function withMoved(
  definition: Definition,
  path: string,
  from: number,
  to: number,
): Definition {
  const value = valueAt(definition, path);
  if (Array.isArray(value)) {
    return withValue(definition, path, moved(value, from, to));
  }
  return isDefinition(value)
    ? withValue(definition, path, ordered(moved(membersOf(value), from, to)))
    : definition;
}

export function withoutPlace(definition: Definition, path: string, index: number): Definition {
  const value = valueAt(definition, path);
  if (Array.isArray(value)) {
    return withValue(definition, path, value.toSpliced(index, 1));
  }
  return isDefinition(value)
    ? withValue(definition, path, ordered(membersOf(value).toSpliced(index, 1)))
    : definition;
}

export function withAppended(definition: Definition, path: string, element: Value): Definition {
  const value = valueAt(definition, path);
  return withValue(definition, path, [...(Array.isArray(value) ? value : []), element]);
}

export function withEntry(
  definition: Definition,
  path: string,
  id: string,
  entry: Value,
): Definition {
  return withValue(
    definition,
    path,
    ordered([...entriesAt(definition, path), [id, entry] as const]),
  );
}

/** A definition in which what stands under a key stands under another, at the same place. */
export const withRenamedEntry = (
  definition: Definition,
  path: string,
  from: string,
  to: string,
): Definition =>
  withValue(
    definition,
    path,
    ordered(
      entriesAt(definition, path).map(([id, entry]) => [id === from ? to : id, entry] as const),
    ),
  );

/** A name that is not taken: `field`, `field2`, and so on. */
export function freeName(taken: readonly string[], wanted: string): string {
  let name = wanted;
  for (let number = 2; taken.includes(name); number += 1) {
    name = `${wanted}${number}`;
  }
  return name;
}

/** A field of another type, without what the new one does not have, and with what it cannot lack. */
export function retyped(field: Definition, type: string): Definition {
  const { items, columns, rows, template, fields, ...rest } = field;
  return {
    ...rest,
    type,
    ...(hasItems(type) && items !== undefined ? { items } : {}),
    ...(hasColumns(type) ? { columns: columns ?? [] } : {}),
    ...(type === "table" && rows !== undefined ? { rows } : {}),
    ...(type === "computed" ? { template: template ?? "{{ form_number }}" } : {}),
    ...(type === "block" ? { fields: fields ?? [] } : {}),
  };
}

/** A field by the key that its answer stands under. */
export interface KeyedField {
  key: string;
  type: string;
  label: string;
}

/** The fields that other places can name. As the hub has it: a field has its name to itself, or else is known
 *  by its id. */
export function keyedFields(fields: readonly Definition[], prefix = ""): KeyedField[] {
  const taken = new Set<string>();
  return fields.flatMap((field) => {
    const type = textAt(field, "type");
    if (isLayout(type)) {
      return [];
    }
    const name = textAt(field, "name");
    const id = textAt(field, "id") || `${prefix}${name}`;
    const isFree = name !== "" && !taken.has(name);
    taken.add(name);
    const key = isFree ? name : `f${id.replaceAll("-", "_")}`;
    return id === "" ? [] : [{ key, type, label: textAt(field, "label") || key }];
  });
}

export const askedFields = (definition: Definition) => keyedFields(listAt(definition, "fields"));
export const addedFields = (definition: Definition) =>
  keyedFields(listAt(definition, "lifecycle.backoffice_fields"), "bo_");

/** A function of a lifecycle, however short it is written. */
export interface LifecycleFunction {
  id: string;
  name: string;
  role: string;
}

export function functionsOf(definition: Definition): LifecycleFunction[] {
  const written = entriesAt(definition, "lifecycle.functions").map(([id, value]) =>
    isDefinition(value)
      ? { id, name: textAt(value, "name"), role: textAt(value, "role") }
      : { id, name: "", role: typeof value === "string" ? value : "" },
  );
  return written.some(({ id }) => id === RECEIVER)
    ? written
    : [{ id: RECEIVER, name: "", role: "" }, ...written];
}

/** The functions as they are written, the one that need not be among them. */
function writtenFunctions(definition: Definition): [string, Value][] {
  const written = new Map(entriesAt(definition, "lifecycle.functions"));
  return functionsOf(definition).map(({ id }) => [id, written.get(id) ?? null]);
}

/** A definition in which a function has another name or role, as shortly as it can be written. */
export function withFunction(
  definition: Definition,
  { id, name, role }: LifecycleFunction,
): Definition {
  const named: Value = { name, ...(role === "" ? {} : { role }) };
  const value: Value = name !== "" ? named : role === "" ? null : role;
  const all = writtenFunctions(definition);
  return withValue(
    definition,
    "lifecycle.functions",
    ordered(all.map(([each, before]) => [each, each === id ? value : before])),
  );
}

export const withNewFunction = (definition: Definition, id: string): Definition =>
  withValue(
    definition,
    "lifecycle.functions",
    ordered([...writtenFunctions(definition), [id, null]]),
  );

/** What the hub calls a function that says nothing of its name. */
export function usualName(id: string, receiver: string): string {
  const words = id.replace(/^_+/, "").replaceAll(/[_-]/g, " ");
  return id === RECEIVER ? receiver : words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** The statuses that a lifecycle without any of its own has, as w.c.s. has them. */
const SAY = { comment: true, by: ["_submitter", RECEIVER] };
const button = (jump: string, label: string) => ({ jump, label, by: [RECEIVER] });
export const USUAL_STATUSES: Definition = {
  just_submitted: { name: "Just submitted", actions: [{ jump: "new" }] },
  new: {
    name: "New",
    actions: [SAY, button("accepted", "Accept"), button("rejected", "Reject")],
  },
  rejected: { name: "Rejected" },
  accepted: { name: "Accepted", actions: [SAY, button("finished", "Finish")] },
  finished: { name: "Finished" },
};

export const STATUSES = "lifecycle.statuses";
export const GLOBAL_ACTIONS = "lifecycle.global_actions";

/** Whether the statuses are those of w.c.s., which nobody has written. */
export const hasUsualStatuses = (definition: Definition) =>
  valueAt(definition, STATUSES) === undefined;

/** The statuses, with those that need not be written. */
export const statusesOf = (definition: Definition): [string, Definition][] =>
  (hasUsualStatuses(definition) ? membersOf(USUAL_STATUSES) : entriesAt(definition, STATUSES)).map(
    ([id, status]) => [id, isDefinition(status) ? status : {}],
  );

export const statusName = (definition: Definition, id: string): string => {
  const found = statusesOf(definition).find(([each]) => each === id);
  return found === undefined ? id : textAt(found[1], "name") || id;
};

/** Who is named in a list, or alone. */
export const whoAt = (definition: Definition, path: string) => namesIn(valueAt(definition, path));
