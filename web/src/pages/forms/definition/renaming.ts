// A status, a function or a field that is called otherwise: wherever the definition names it, it is named
// anew, so that nothing leads where nothing is any more. Templates are texts of people, and are left to
// them. Pure.
import {
  type Definition,
  isDefinition,
  membersOf,
  ordered,
  type Value,
  valueAt,
  withValue,
} from "../../../definitions/definition";
import { GLOBAL_ACTIONS, STATUSES, statusesOf } from "./shape";

type Change<Each> = (each: Each) => Each;

/** A value at a path, changed where there is one. */
function changedAt(
  definition: Definition,
  path: string,
  change: (value: Value) => Value,
): Definition {
  const value = valueAt(definition, path);
  return value === undefined ? definition : withValue(definition, path, change(value));
}

const eachMember =
  (change: Change<Definition>) =>
  (value: Value): Value =>
    isDefinition(value)
      ? ordered(
          membersOf(value).map(([key, member]) => [
            key,
            isDefinition(member) ? change(member) : member,
          ]),
        )
      : value;

const eachElement =
  (change: Change<Definition>) =>
  (value: Value): Value =>
    Array.isArray(value) ? value.map((each) => (isDefinition(each) ? change(each) : each)) : value;

/** All statuses and global actions, changed, and all actions in them. */
function everywhere(
  definition: Definition,
  place: Change<Definition>,
  action: Change<Definition>,
): Definition {
  const change = eachMember((one) => changedAt(place(one), "actions", eachElement(action)));
  return changedAt(changedAt(definition, STATUSES, change), GLOBAL_ACTIONS, change);
}

const same = <Each>(each: Each) => each;

/** The text under a key, where it is the old name. */
const renamedText =
  (from: string, to: string) =>
  (value: Value): Value =>
    value === from
      ? to
      : Array.isArray(value)
        ? value.map((each) => (each === from ? to : each))
        : value;

const renamedKey =
  (from: string, to: string) =>
  (value: Value): Value =>
    isDefinition(value)
      ? ordered(membersOf(value).map(([key, member]) => [key === from ? to : key, member]))
      : value;

const throughAll = (definition: Definition, paths: string[], change: (value: Value) => Value) =>
  paths.reduce((before, path) => changedAt(before, path, change), definition);

export function withRenamedStatus(definition: Definition, from: string, to: string): Definition {
  const written = withValue(definition, STATUSES, ordered(statusesOf(definition)));
  const text = renamedText(from, to);
  const action = (each: Definition) => {
    const led = throughAll(each, ["jump", "then"], text);
    return changedAt(
      led,
      "call.on_error",
      eachMember((policy) => changedAt(policy, "jump", text)),
    );
  };
  const place = (each: Definition) =>
    throughAll(each, ["timeout.since.first_arrival", "timeout.since.latest_arrival"], text);
  return changedAt(everywhere(written, place, action), STATUSES, renamedKey(from, to));
}

export function withRenamedFunction(definition: Definition, from: string, to: string): Definition {
  const who = renamedText(from, to);
  const action = (each: Definition) =>
    changedAt(
      throughAll(each, ["by", "visible_to", "mail.to"], who),
      "assign",
      renamedKey(from, to),
    );
  const place = (each: Definition) => throughAll(each, ["visible_to", "by", "hook"], who);
  const renamed = changedAt(definition, "lifecycle.functions", renamedKey(from, to));
  return everywhere(throughAll(renamed, ["submitters"], who), place, action);
}

/** The key of a field was this, and is that: one that is asked, or one that is filled in on the way. */
export function withRenamedKey(
  definition: Definition,
  of: "asked" | "added",
  from: string,
  to: string,
): Definition {
  const text = renamedText(from, to);
  if (of === "asked") {
    const named = throughAll(definition, ["geolocation", "tracking_codes.verify"], text);
    return everywhere(named, same, (each) => changedAt(each, "geolocate", text));
  }
  return everywhere(definition, same, (each) => {
    const named = throughAll(each, ["geolocate", "file_field", "call.file_field"], text);
    return changedAt(named, "set", renamedKey(from, to));
  });
}
