import { expect, test } from "vitest";
import { systemOf } from "./systems";

test.each([
  ["kobo", "kobo"],
  ["odk-aggregate", "odk-aggregate"],
  ["commcare-case", "commcare"],
  ["wcs", "wcs"],
  ["json", "openfn"],
  ["raw", null],
])("the steps for %s are those of %j", (dialect, system) => {
  expect(systemOf(dialect)).toBe(system);
});
