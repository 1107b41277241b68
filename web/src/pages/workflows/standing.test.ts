import { expect, test } from "vitest";
import type { Run, RunState } from "../runs/types";
import { standingOf } from "./standing";

const runs = (...states: RunState[]) => states.map((state) => ({ state }) as Run);

test.each([
  [true, runs("failed"), "paused"],
  [false, runs(), "never"],
  [false, runs("available"), "well"],
  [false, runs("started", "failed", "success"), "failing"],
  [false, runs("success", "crashed"), "well"],
  [false, runs("cancelled", "failed"), "well"],
] as const)("paused %s, with %j: %s", (paused, last, standing) => {
  expect(standingOf(paused, last)).toBe(standing);
});
