import { expect, test } from "vitest";
import { asName } from "./name";

test.each([
  ["Births 2026", "births-2026"],
  ["École  d’été", "ecole-d-ete"],
  ["a_b-c", "a_b-c"],
  ["ü".repeat(70), "u".repeat(64)],
])("%s is named %s", (text, name) => {
  expect(asName(text)).toBe(name);
});
