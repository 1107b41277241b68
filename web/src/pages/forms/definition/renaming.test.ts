import { expect, test } from "vitest";
import { readDefinition, writeDefinition } from "../../../definitions/definition";
import { parseJson } from "../../../payload/json";
import { withRenamedFunction, withRenamedKey, withRenamedStatus } from "./renaming";

/** A key of edits; written so, as an object with it looks like a promise to the linter. */
const THEN = "then";

const of = (value: unknown) => readDefinition(parseJson(JSON.stringify(value)));
const written = (definition: Parameters<typeof writeDefinition>[0]) =>
  JSON.parse(writeDefinition(definition));

const FORM = {
  submitters: ["_works", "desk"],
  geolocation: "where",
  tracking_codes: { verify: ["name", "where"] },
  fields: [{ name: "where", type: "map" }],
  lifecycle: {
    functions: { _receiver: "desk", _works: { name: "Works" } },
    backoffice_fields: [{ name: "letter", type: "file" }],
    statuses: {
      new: {
        visible_to: ["_works", "_submitter"],
        actions: [
          { jump: "done", by: ["_works"], condition: "form_var_where" },
          { edit: true, by: ["_receiver"], [THEN]: "done" },
          {
            call: {
              connection: "a",
              file_field: "letter",
              on_error: { "4xx": { jump: "done" }, network: "stop" },
            },
          },
          { attach: true, by: ["_works"], visible_to: ["_works"], file_field: "letter" },
          { mail: { to: ["_works", "a@example.org"], subject: "done", body: "done" } },
          { assign: { _works: "desk" } },
          { geolocate: "where" },
          { set: { letter: "done", other: "x" } },
        ],
      },
      done: { endpoint: true },
    },
    global_actions: {
      purge: {
        by: ["_works"],
        hook: ["_signed_calls", "_works"],
        timeout: { since: { first_arrival: "done" }, after: "1d" },
        actions: [{ jump: "done" }],
      },
    },
  },
};

/** The same form with one word for another wherever that is a whole value or a key, but in templates. */
function replaced(from: string, to: string, but: readonly string[]): unknown {
  const change = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) {
      return value.map((each) => change(each, key));
    }
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [
          name === from ? to : name,
          change(inner, name),
        ]),
      );
    }
    return value === from && !but.includes(key) ? to : value;
  };
  return change(FORM, "");
}

test("a status is called otherwise wherever something leads to it", () => {
  const after = written(withRenamedStatus(of(FORM), "done", "finished"));
  expect(after).toEqual(replaced("done", "finished", ["subject", "body", "letter"]));
  expect(Object.keys(after.lifecycle.statuses)).toEqual(["new", "finished"]);
});

test("a function is called otherwise wherever somebody acts as it", () => {
  expect(written(withRenamedFunction(of(FORM), "_works", "_team"))).toEqual(
    replaced("_works", "_team", []),
  );
});

test("a field that is asked is named anew by the form and its lifecycle", () => {
  expect(written(withRenamedKey(of(FORM), "asked", "where", "place"))).toEqual(
    replaced("where", "place", ["name"]),
  );
});

test("a field of the lifecycle is named anew where something fills it in", () => {
  expect(written(withRenamedKey(of(FORM), "added", "letter", "paper"))).toEqual(
    replaced("letter", "paper", ["name"]),
  );
});

test("a status that was not written yet is written with its new id", () => {
  const { statuses } = written(withRenamedStatus({}, "accepted", "taken")).lifecycle;
  expect(Object.keys(statuses)).toEqual(["just_submitted", "new", "rejected", "taken", "finished"]);
  expect(statuses.new.actions[1].jump).toBe("taken");
});
