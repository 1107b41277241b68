import { expect, test } from "vitest";
import type { Value } from "../../definitions/definition";
import { accessOf, receiverOf } from "./receivers";

test.each<[string, Value | undefined, string | null]>([
  ["openrosa", ["phones"], "/p/clinic"],
  ["openrosa", "anonymous", "/p/clinic"],
  ["commcare", ["phones"], "/a/clinic/receiver/"],
  ["openrosa", undefined, null],
  ["openrosa", [], null],
  ["kobo", "anonymous", null],
  ["commcare-form", ["phones"], null],
])("the receiver of %s with %j is %s", (dialect, access, expected) => {
  expect(receiverOf("clinic", dialect, access)).toBe(expected);
});

test.each<[Value | undefined, string]>([
  [undefined, "closed"],
  ["anonymous", "anonymous"],
  [["phones"], "keys"],
  [[], "keys"],
])("%j is %s", (value, expected) => {
  expect(accessOf(value)).toBe(expected);
});
