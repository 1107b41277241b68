import { expect, test } from "vitest";
import { isServed, safeNext } from "./next";

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

test.each([
  ["/p/clinic/backoffice/management/request/1/", true],
  ["/hub/p/clinic/backoffice/management/request/1/", true],
  ["/hub/of/towns/p/clinic/request/1/", true],
  ["/projects/clinic/messages", false],
  ["/projects/p/messages", false],
  ["/hub/projects/p/messages", false],
  ["/account?from=/p/clinic/", false],
  ["/", false],
])("%s is loaded from the hub: %s", (path, expected) => {
  expect(isServed(path)).toBe(expected);
});
