import { expect, test } from "vitest";
import { durationOf, pauseAfter, plannedTries, policyOf, USUAL_POLICY } from "./retryPlan";

const seconds = (milliseconds: number) => milliseconds / 1000;

// The values of the hub's own rule, as its tests have them.
test.each([
  [0, 15],
  [1, 15],
  [2, 45],
  [3, 135],
  [7, 10_935],
  [8, 21_600],
  [4_294_967_295, 21_600],
])("after try %i it pauses %i s", (tries, pause) => {
  expect(seconds(pauseAfter(USUAL_POLICY, tries))).toBe(pause);
});

test("tries are planned up to the end of the budget", () => {
  expect(plannedTries(USUAL_POLICY, 5).tries.map(seconds)).toEqual([0, 15, 60, 195, 600]);
  expect(plannedTries(USUAL_POLICY, 5).ends).toBe(false);
  const brief = plannedTries({ ...USUAL_POLICY, giveUpAfter: 60_000 }, 5);
  expect(brief.tries.map(seconds)).toEqual([0, 15, 60]);
  expect(brief.ends).toBe(true);
  const hasty = plannedTries({ ...USUAL_POLICY, giveUpAfter: 1 }, 5);
  expect(hasty.tries.map(seconds)).toEqual([0, 15, 60]);
});

test("the last try is at the end of the budget or behind it", () => {
  const { tries, ends } = plannedTries(USUAL_POLICY, 1000);
  expect(ends).toBe(true);
  expect(tries.at(-1)).toBeGreaterThanOrEqual(USUAL_POLICY.giveUpAfter);
  expect(tries.at(-2)).toBeLessThan(USUAL_POLICY.giveUpAfter);
});

test.each([
  ["50ms", 50],
  ["15s", 15_000],
  ["2m", 120_000],
  ["6h", 21_600_000],
  ["5d", 432_000_000],
  ["", null],
  ["5", null],
  ["1.5h", null],
  ["5 d", null],
])("%j is %j ms", (text, expected) => {
  expect(durationOf(text)).toBe(expected);
});

test("what is left out is as usual", () => {
  expect(policyOf(() => "")).toEqual(USUAL_POLICY);
  const written: Record<string, string> = { first: "12h", factor: "1" };
  expect(policyOf((key) => written[key] ?? "")).toEqual({
    ...USUAL_POLICY,
    first: 43_200_000,
    max: 43_200_000,
    factor: 1,
  });
  expect(policyOf((key) => (key === "max" ? "soon" : ""))).toBeNull();
});
