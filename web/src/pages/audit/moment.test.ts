import { expect, test } from "vitest";
import { momentOf } from "./moment";

test.each([
  // The example of RFC 9562.
  ["017f22e2-79b0-7cc3-98c4-dc0c0c07398f", Date.UTC(2022, 1, 22, 19, 22, 22)],
  ["017F22E2-79B0-7CC3-98C4-DC0C0C07398F", Date.UTC(2022, 1, 22, 19, 22, 22)],
  ["017f22e2-79b0-4cc3-98c4-dc0c0c07398f", null],
  ["017f22e2", null],
  ["", null],
])("%s was made at %s", (id, moment) => {
  expect(momentOf(id)).toBe(moment);
});
