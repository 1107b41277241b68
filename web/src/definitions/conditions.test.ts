import { expect, test } from "vitest";
import { definitions } from "../i18n/en/definitions";
import { type Condition, conditionTold } from "./conditions";

function told(condition: Partial<Condition>): string {
  const whole: Condition = {
    part: "match",
    path: "form.n",
    expected: "2",
    found: "1",
    holds: false,
    comparison: "different",
    note: "as the hub says it",
    ...condition,
  };
  return conditionTold(whole, definitions.conditions);
}

test.each<[string, Partial<Condition>]>([
  ["`form.n` is 1, wanted 2", {}],
  ["`form.n` is 2", { comparison: "same", found: "2", holds: true }],
  ["`form.n` is not there", { comparison: "absent", found: null }],
  ["`form.n` is an object, wanted 2", { found: '{"a":1}' }],
  ["the body is a list, wanted 2", { found: "[1]", path: "" }],
  ["`tags` has no element equal to 2", { comparison: "lacks-element", path: "tags[]" }],
  [
    'the body has an element that contains {"a":1}',
    { comparison: "has-element", path: "[]", expected: '{"a":1}', holds: true },
  ],
  [
    "came in by `script`, wanted `commcare`",
    { part: "from", path: "", expected: "commcare", found: "script" },
  ],
  ['the header `x-a` is "1", wanted "2"', { part: "headers", path: "x-a" }],
  [
    "the query parameter `form` was not sent",
    { part: "query", path: "form", comparison: "absent", found: null },
  ],
  [
    "the form is `deaths`, wanted `births`, `visits`",
    { part: "forms", path: "", expected: "births, visits", found: "deaths" },
  ],
  ["no type of case is known", { part: "case_types", path: "", comparison: "absent", found: null }],
  [
    "excluded: the user is `ann`",
    { part: "without_users", path: "", expected: "ann", found: "ann", comparison: "same" },
  ],
  [
    "not excluded: the user is `ann`, not `ben`",
    { part: "without_users", path: "", expected: "ben", found: "ann", holds: true },
  ],
  ["not excluded: `form.n` is 1, not 2", { part: "unless", holds: true }],
  ["excluded: `form.n` is 2", { part: "unless", comparison: "same", found: "2" }],
])("%s", (sentence, condition) => {
  expect(told(condition)).toBe(sentence);
});

test("what compares in a way that has no word is told as the hub tells it", () => {
  expect(told({ comparison: "nearly" as Condition["comparison"] })).toBe("as the hub says it");
});
