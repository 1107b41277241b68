import { expect, test } from "vitest";
import { deliveriesSearch, statesIn, statesSearch } from "./routes";

test.each([
  [{}, []],
  [{ state: "failed" }, ["failed"]],
  // In the order in which they are shown, whatever the address says.
  [{ states: "rejected,failed" }, ["failed", "rejected"]],
  [{ state: "failed", states: "rejected" }, ["failed", "rejected"]],
  [{ states: "failed,failed,unheard-of," }, ["failed"]],
])("%o asks for %j", (search, states) => {
  expect(statesIn(search)).toEqual(states);
});

test("one state is said plainly, several as a list", () => {
  expect(statesSearch([])).toEqual({ state: undefined, states: undefined });
  expect(statesSearch(["failed"])).toEqual({ state: "failed", states: undefined });
  expect(statesSearch(["pending", "failed"])).toEqual({ states: "pending,failed" });
});

test.each([
  ["503", "503"],
  ["5XX", "5xx"],
  ["5x", undefined],
  ["900", undefined],
])("the status %j is looked for as %j", (status, wanted) => {
  expect(deliveriesSearch({ status }).status).toBe(wanted);
});

test("whatever an action was asked for is a filter of the list", () => {
  const filter = { states: "failed,rejected", status: "5xx", error_kind: "timeout", holds: "true" };
  expect(deliveriesSearch(filter)).toMatchObject(filter);
});
