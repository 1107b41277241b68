import { expect, test } from "vitest";
import { isName, nameOf } from "./name";

test.each([
  ["Clinic network", "clinic-network"],
  ["Réseau de Kribi", "reseau-de-kribi"],
  ["  2026: births / deaths ", "2026-births-deaths"],
  ["___", ""],
  ["医院", ""],
  [`${"a".repeat(63)} b`, "a".repeat(63)],
])("%s is named %s", (title, name) => {
  expect(nameOf(title)).toBe(name);
});

test.each([
  ["clinic", true],
  ["clinic_2-b", true],
  ["a".repeat(64), true],
  ["a".repeat(65), false],
  ["", false],
  ["Clinic", false],
  ["-clinic", false],
  ["clinic network", false],
])("%s as a name: %s", (text, valid) => {
  expect(isName(text)).toBe(valid);
});
