import { expect, test } from "vitest";
import { differing, textOfRest } from "./versions";

const one = { steps: { a: { job: "fn(1)" }, b: { job: "x", adaptor: "http" } } };

test("only jobs that differ are told, with those that came and went", () => {
  expect(differing(one, one)).toEqual([]);
  expect(differing(one, { steps: { a: { job: "fn(2)" }, c: { job: "" } } })).toEqual([
    { step: "a", before: "fn(1)", after: "fn(2)" },
    { step: "c", before: null, after: "" },
    { step: "b", before: "x", after: null },
  ]);
});

test("what is left has everything but the jobs", () => {
  expect(JSON.parse(textOfRest({ ...one, title: "T" }))).toEqual({
    title: "T",
    steps: { a: {}, b: { adaptor: "http" } },
  });
});
