import { expect, test } from "vitest";
import { safeNext } from "./next";

test.each([
  [undefined, "/"],
  ["/projects/clinic/messages?state=kept", "/projects/clinic/messages?state=kept"],
  ["//elsewhere.example", "/"],
  ["/\\elsewhere.example", "/"],
  ["/\t/elsewhere.example", "/"],
  ["https://elsewhere.example", "/"],
  ["javascript:alert(1)", "/"],
  ["", "/"],
])("%j leads to %s", (next, expected) => {
  expect(safeNext(next)).toBe(expected);
});
