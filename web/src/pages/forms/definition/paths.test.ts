import { expect, test } from "vitest";
import { readDefinition } from "../../../definitions/definition";
import { sortMistakes } from "../../../definitions/mistakes";
import { parseJson } from "../../../payload/json";
import { partOf } from "./parts";
import { isWithin, pathsOf } from "./paths";

const FORM = readDefinition(
  parseJson(
    JSON.stringify({
      fields: [{ type: "block", name: "a", fields: [{ name: "b", type: "item", items: ["x"] }] }],
      lifecycle: {
        functions: { _works: "works" },
        backoffice_fields: [{ name: "c", type: "string" }],
        criticality_levels: ["usual", { name: "pressing" }],
        statuses: {
          new: { actions: [{ call: { connection: "x", on_error: {} } }, { jump: "new" }] },
        },
        global_actions: { purge: { by: ["_works"], actions: [{ delete: true }] } },
      },
    }),
  ),
);

/** Where a mistake is shown; null where only the foot of the form tells it. */
function shownAt(path: string): string | null {
  const mistake = { path: `forms.request.${path}`, code: "x", message: "x", hint: null };
  const { byField, rest } = sortMistakes([mistake], "forms.request", pathsOf(FORM));
  return rest.length > 0 ? null : ([...byField.keys()][0] ?? null);
}

test.each([
  ["title", "title", "about"],
  ["drafts.lifespan", "drafts.lifespan", "about"],
  ["fields[0].fields[0].items[0]", "fields[0].fields[0].items", "fields"],
  ["fields[0].fields[0].other", "fields[0].fields[0]", "fields"],
  ["submitters[1]", "submitters", "people"],
  ["lifecycle.functions._works.role", "lifecycle.functions._works", "people"],
  ["lifecycle.functions._receiver", "lifecycle.functions._receiver", "people"],
  ["lifecycle.backoffice_fields[0].name", "lifecycle.backoffice_fields[0].name", "added"],
  ["lifecycle.criticality_levels[1].colour", "lifecycle.criticality_levels[1].colour", "added"],
  [
    "lifecycle.statuses.new.actions[0].call.on_error.4xx.jump",
    "lifecycle.statuses.new.actions[0].call.on_error.4xx",
    "lifecycle",
  ],
  ["lifecycle.statuses.new.actions[1].by[0]", "lifecycle.statuses.new.actions[1].by", "lifecycle"],
  [
    "lifecycle.global_actions.purge.timeout.after",
    "lifecycle.global_actions.purge.timeout.after",
    "lifecycle",
  ],
  [
    "lifecycle.global_actions.purge.actions[0]",
    "lifecycle.global_actions.purge.actions[0]",
    "lifecycle",
  ],
])("what the hub says of %s is shown at %s, in the part %s", (path, field, part) => {
  expect(shownAt(path)).toBe(field);
  expect(partOf(field)).toBe(part);
});

test("what no field is for is told at the foot", () => {
  expect(shownAt("other")).toBeNull();
});

test.each([
  ["fields[1]", "fields[1].label", true],
  ["fields[1]", "fields[1]", true],
  ["fields[1]", "fields[10].label", false],
  ["lifecycle.statuses.new", "lifecycle.statuses.newer.name", false],
  ["lifecycle.statuses.new", "lifecycle.statuses.new.actions[0]", true],
])("within %s is %s: %s", (row, path, expected) => {
  expect(isWithin(row, path)).toBe(expected);
});
