import { expect, test } from "vitest";
import { readDefinition, writeDefinition } from "../../definitions/definition";
import { parseJson } from "../../payload/json";
import { faultOf, type WithheldField, withheldDefinition, withheldFields } from "./withheld";

const field = (path: string, way: WithheldField["way"], step = "0.1"): WithheldField => ({
  path,
  way,
  step,
});

test("rows are read from a definition and written back, digit by digit", () => {
  const text =
    '{"withhold":{"name":"drop","contact/phone":"hash","where":{"coarsen":0.10},"born":{"coarsen":"month"},"age":{"coarsen":"year"}}}';
  const fields = withheldFields(readDefinition(parseJson(text)).withhold);
  expect(fields).toEqual([
    field("name", "drop"),
    field("contact/phone", "hash"),
    field("where", "step", "0.10"),
    field("born", "month"),
    field("age", "year"),
  ]);
  expect(writeDefinition({ withhold: withheldDefinition(fields) })).toBe(
    text.replace("0.10", '"0.10"'),
  );
});

test("a row without a path withholds nothing", () => {
  expect(withheldDefinition([field(" ", "drop")])).toBeUndefined();
  expect(withheldDefinition([field("", "hash"), field(" name ", "drop")])).toEqual({
    name: "drop",
  });
});

test.each([
  [field("age", "step", "10"), null],
  [field("age", "step", "0.5"), null],
  [field("age", "step", "0"), "no-step"],
  [field("age", "step", "1e3"), "no-step"],
  [field("age", "step", ""), "no-step"],
  [field("age", "drop", ""), null],
  [field("name", "drop"), "doubled"],
  [field(" name", "hash"), "doubled"],
  [field("", "drop"), null],
] as const)("%j is %s", (row, expected) => {
  expect(faultOf(row, [field("name", "drop"), field("", "drop")])).toBe(expected);
});
