import { expect, test } from "vitest";
import { type FieldCondition, readCondition, writeCondition } from "./conditions";

const CONDITIONS: [string, FieldCondition][] = [
  ["values.village=Kibera", { path: "village", asked: "=", value: "Kibera" }],
  ["values.age>=18", { path: "age", asked: ">=", value: "18" }],
  ["values.head.name!=a=b", { path: "head.name", asked: "!=", value: "a=b" }],
  ["values.name~ann", { path: "name", asked: "~", value: "ann" }],
  ['values."a=b".c<2', { path: '"a=b".c', asked: "<", value: "2" }],
  ["values.age", { path: "age", asked: "present", value: "" }],
  ["!values.age", { path: "age", asked: "absent", value: "" }],
  ["values.age=", { path: "age", asked: "=", value: "" }],
];

test.each(CONDITIONS)("%s is read and written", (text, condition) => {
  expect(readCondition(text, "values")).toEqual(condition);
  expect(writeCondition(condition, "values")).toBe(text);
});

test("a colon is an equals sign", () => {
  expect(readCondition("properties.village:Kibera", "properties")).toEqual({
    path: "village",
    asked: "=",
    value: "Kibera",
  });
});

test.each(["village=Kibera", "values.", "values.=x", "!values.a=b", "extra.a=b", ""])(
  "%s is none",
  (text) => {
    expect(readCondition(text, "values")).toBeNull();
  },
);
