import { expect, test } from "vitest";
import { type Definition, readDefinition, writeDefinition } from "../../../definitions/definition";
import { parseJson } from "../../../payload/json";
import {
  freeName,
  functionsOf,
  idsAt,
  keyedFields,
  retyped,
  statusesOf,
  statusName,
  usualName,
  withAppended,
  withEntry,
  withFunction,
  withMoved,
  withNewFunction,
  withoutPlace,
} from "./shape";

const read = (value: unknown): Definition => readDefinition(parseJson(JSON.stringify(value)));
const of = (text: string) => readDefinition(parseJson(text));

test("elements and keys are moved and taken out, and the others keep their order", () => {
  const before = of('{"fields":["a","b","c"],"lifecycle":{"statuses":{"b":{},"10":{},"2":{}}}}');
  const written = (changed: Definition) => writeDefinition(changed);
  expect(written(withMoved(before, "fields", 0, 2))).toContain('["b","c","a"]');
  expect(written(withMoved(before, "fields", 2, 0))).toContain('["c","a","b"]');
  expect(idsAt(withMoved(before, "lifecycle.statuses", 2, 0), "lifecycle.statuses")).toEqual([
    "2",
    "b",
    "10",
  ]);
  expect(idsAt(withoutPlace(before, "lifecycle.statuses", 1), "lifecycle.statuses")).toEqual([
    "b",
    "2",
  ]);
  expect(written(withoutPlace(before, "fields", 1))).toContain('["a","c"]');
  expect(idsAt(withEntry(before, "lifecycle.statuses", "1", {}), "lifecycle.statuses")).toEqual([
    "b",
    "10",
    "2",
    "1",
  ]);
  expect(written(withAppended({}, "fields", { type: "map" }))).toBe('{"fields":[{"type":"map"}]}');
});

test.each([
  [["step"], "field", "field"],
  [["field"], "field", "field2"],
  [["field", "field2"], "field", "field3"],
])("beside %s, %s is free as %s", (taken, wanted, expected) => {
  expect(freeName(taken, wanted)).toBe(expected);
});

test("a field of another type has what that needs, and nothing that it does not have", () => {
  const choice = read({ name: "a", type: "item", items: ["x"], hint: "h" });
  expect(retyped(choice, "items")).toEqual({ name: "a", type: "items", items: ["x"], hint: "h" });
  expect(retyped(choice, "string")).toEqual({ name: "a", type: "string", hint: "h" });
  expect(retyped(choice, "block")).toEqual({ name: "a", type: "block", hint: "h", fields: [] });
  expect(retyped(choice, "table")).toEqual({ name: "a", type: "table", hint: "h", columns: [] });
  expect(retyped(choice, "computed").template).toBe("{{ form_number }}");
});

test("a field is known by its name, or by its id where another one has the name", () => {
  const fields = [
    { type: "title", label: "T" },
    { name: "a", type: "map", label: "A" },
    { name: "a", id: "other-a", type: "string" },
    { id: "12", type: "text" },
  ];
  expect(keyedFields(fields)).toEqual([
    { key: "a", type: "map", label: "A" },
    { key: "fother_a", type: "string", label: "fother_a" },
    { key: "f12", type: "text", label: "f12" },
  ]);
  expect(keyedFields([fields[1] ?? {}, fields[1] ?? {}], "bo_").map(({ key }) => key)).toEqual([
    "a",
    "fbo_a",
  ]);
});

test("functions are read in every form, and written as shortly as can be", () => {
  const written = { _a: "desk", _b: null, _c: { name: "C" }, _receiver: { role: "desk" } };
  const before = read({ lifecycle: { functions: written } });
  expect(functionsOf(before)).toEqual([
    { id: "_a", name: "", role: "desk" },
    { id: "_b", name: "", role: "" },
    { id: "_c", name: "C", role: "" },
    { id: "_receiver", name: "", role: "desk" },
  ]);
  const after = (one: Parameters<typeof withFunction>[1]) =>
    JSON.parse(writeDefinition(withFunction(before, one))).lifecycle.functions;
  expect(after({ id: "_b", name: "", role: "x" })).toEqual({ ...written, _b: "x" });
  expect(after({ id: "_a", name: "A", role: "desk" })._a).toEqual({ name: "A", role: "desk" });
  expect(after({ id: "_a", name: "", role: "" })._a).toBeNull();
  expect(after({ id: "_c", name: "C", role: "" })).toEqual(written);
});

test("the one function that needs no writing comes first, and is written with the others", () => {
  expect(functionsOf({})).toEqual([{ id: "_receiver", name: "", role: "" }]);
  expect(writeDefinition(withNewFunction({}, "_works"))).toBe(
    '{"lifecycle":{"functions":{"_receiver":null,"_works":null}}}',
  );
  expect(usualName("_head-of_office", "Recipient")).toBe("Head of office");
  expect(usualName("_receiver", "Recipient")).toBe("Recipient");
});

test("a lifecycle without statuses has the usual ones", () => {
  expect(statusesOf({}).map(([id]) => id)).toEqual([
    ...["just_submitted", "new", "rejected", "accepted", "finished"],
  ]);
  expect(statusName({}, "accepted")).toBe("Accepted");
  expect(statusName(read({ lifecycle: { statuses: { a: {} } } }), "a")).toBe("a");
});
