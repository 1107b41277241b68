import { expect, test } from "vitest";
import { matchOf } from "./filter";

test.each([
  [["form", "age"], "42.10", '{"form":{"age":42.10}}'],
  [["visits", 2, "place"], '"x"', '{"visits":[{"place":"x"}]}'],
  [["group1/a b"], "null", '{"group1/a b":null}'],
  [[], "true", "true"],
])("%j with %s is asked for by %s", (steps, json, match) => {
  expect(matchOf(steps, json)).toBe(match);
});
