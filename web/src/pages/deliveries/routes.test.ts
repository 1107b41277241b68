import { expect, test } from "vitest";
import { changedSearch, deliveriesSearch, statesIn, statesSearch } from "./routes";

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

test.each([
  [{ state: "failed" }, { sort: "oldest" }, { state: "failed", sort: "oldest" }],
  // By the next try, with the connection and without the rest.
  [
    { state: "failed", connection: "dhis2", columns: "made" },
    { sort: "next_attempt" },
    { connection: "dhis2", sort: "next_attempt", columns: "made" },
  ],
  [
    { sort: "latest_attempt" },
    { connection: "dhis2" },
    { connection: "dhis2", sort: "latest_attempt" },
  ],
  [{ sort: "latest_attempt" }, { key: "a" }, { key: "a" }],
  [{ sort: "latest_attempt" }, { columns: "made" }, { columns: "made", sort: "latest_attempt" }],
] as const)("%o with %o is %o", (before, changed, after) => {
  expect(changedSearch(before, changed)).toEqual(after);
});
