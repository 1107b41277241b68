import { expect, test } from "vitest";
import { progressOf } from "./progress";

test.each([
  ["running", 0, 0, 0, 0],
  ["running", 200, 50, 0, 0.25],
  ["running", 200, 50, 50, 0.5],
  ["running", 200, 150, 90, 1],
  ["stopped", 200, 50, 0, 0.25],
  ["done", 200, 198, 0, 1],
  ["done", 0, 0, 3, 1],
  ["failed", 10, 0, 0, 0],
] as const)(
  "%s: of %d, %d touched and %d passed over is %d",
  (state, matched, touched, passed_over, expected) => {
    expect(progressOf({ state, matched, touched, passed_over })).toBe(expected);
  },
);
