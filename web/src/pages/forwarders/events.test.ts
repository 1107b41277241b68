import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Definition } from "../../definitions/definition";
import {
  applies,
  EVENTS,
  fitting,
  fittingFormat,
  formatOf,
  formatsOf,
  usualFormat,
  withEvent,
} from "./events";

// The hub's own table is the one that counts.
const rules = readFileSync(
  new URL("../../../../crates/rules/src/definition/forwarder/rendering.rs", import.meta.url),
  "utf8",
);

function formatsOfTheHub(event: string): string[] {
  const variant = event.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase());
  const table = rules.slice(rules.indexOf("pub const fn formats_of"));
  const found = new RegExp(`Event::${variant}\\b[^=]*=> &\\[([^\\]]*)\\]`).exec(table)?.[1] ?? "";
  return [...found.matchAll(/Format::(\w+)/g)].map(([, name = ""]) =>
    name === "AsReceived" ? "as-received" : name.replace(/(?<=.)([A-Z])/g, "_$1").toLowerCase(),
  );
}

test.each(EVENTS)("%s is sent as the hub can", (event) => {
  expect(formatsOf(event)).toEqual(formatsOfTheHub(event));
});

test("rows go to databases, and nothing else does", () => {
  expect(formatsOf("case", true)).toEqual(["table"]);
  expect(formatsOf("case", false)).not.toContain("table");
  expect(formatsOf("form-stub", true)).toEqual([]);
});

test("another event keeps the format that it has as well, and takes its own otherwise", () => {
  const forms: Definition = { on: "form", format: "geojson", to: "map" };
  expect(withEvent(forms, "case", false)).toEqual({ on: "case", format: "geojson", to: "map" });
  expect(withEvent(forms, "app-schema", false)).toEqual({ on: "app-schema", to: "map" });
  expect(withEvent(forms, "message", false)).toEqual({ to: "map" });
  expect(formatOf({ on: "case", format: "form_json" })).toBe(usualFormat("case"));
});

test("another destination changes the format where it takes none of that kind", () => {
  const rows: Definition = { on: "case", format: "table", to: "registry" };
  expect(fittingFormat({ on: "case", to: "registry" }, true)).toEqual(rows);
  expect(fittingFormat(rows, false)).toEqual({ on: "case", to: "registry" });
  expect(fittingFormat(rows, null)).toEqual(rows);
  expect(fittingFormat({ to: "registry" }, true)).toEqual({ to: "registry" });
});

test.each([
  ["forms", "message", "json", false],
  ["forms", "app-schema", "schema_id", true],
  ["from", "app-schema", "schema_id", false],
  ["match", "case", "case_xml", true],
  ["case_types", "form", "form_xml", false],
  ["case_types", "case-created", "normalised", true],
  ["withhold", "form", "stub", false],
  ["withhold", "form", "as-received", false],
  ["withhold", "form", "table", true],
  ["withhold", "message", "json", true],
  ["withhold", "message", "as-received", false],
  ["app_id", "form", "form_xml", true],
  ["app_id", "form", "table", false],
  ["app_id", "case", "case_xml", false],
  ["method", "case", "table", false],
  ["method", "message", "as-received", true],
  ["closed_cases", "case", "case_json", true],
  ["closed_cases", "case", "normalised", false],
  ["retry", "app-schema", "schema_id", true],
] as const)("%s with on: %s and format: %s", (key, event, format, expected) => {
  expect(applies(key, event, format)).toBe(expected);
});

test("what says nothing is not saved", () => {
  const typed: Definition = {
    on: "case",
    to: "warehouse",
    template: "{{ name }}",
    case_types: ["patient"],
    closed_cases: "close_only",
  };
  expect(fitting(typed)).toEqual({
    on: "case",
    to: "warehouse",
    case_types: ["patient"],
    closed_cases: "close_only",
  });
});
