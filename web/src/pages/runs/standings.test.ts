import { expect, test } from "vitest";
import { standingsOf } from "./standings";
import type { StepState } from "./types";

const step = (number: number, step: string, state: StepState, name_in_state = step) => ({
  number,
  step,
  state,
  name_in_state,
  duration_ms: state === "running" ? null : number * 10,
});

test("what was begun last tells, and tries are not times", () => {
  const standings = standingsOf([
    step(4, "d", "running", "d-1"),
    step(1, "a", "fail"),
    step(2, "a", "success"),
    step(3, "d", "success"),
  ]);
  expect([...standings]).toEqual([
    ["a", { state: "success", milliseconds: 20, times: 1 }],
    ["d", { state: "running", milliseconds: null, times: 2 }],
  ]);
  expect(standingsOf([]).size).toBe(0);
});
