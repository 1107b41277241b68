// state: {"data":{},"cases":[{"a":1},{"a":1,"b":"x"},{"a":1,"c":2},{"b":7},{"b":"x","d":true},{"a":"no"}]}
const $schema = "https://json-schema.org/draft/2020-12/schema";
const schemas = [
  { $schema, $id: "all", type: "object", allOf: [{ properties: { a: { type: "number" } } }, { properties: { b: { type: "string" } } }], unevaluatedProperties: false },
  { $schema, $id: "any", type: "object", anyOf: [{ properties: { a: true }, required: ["a"] }, { properties: { b: true }, required: ["b"] }], unevaluatedProperties: { type: "boolean" } },
  { $schema, $id: "if", type: "object", if: { properties: { a: { const: 1 } }, required: ["a"] }, then: { properties: { c: true } }, else: { properties: { b: true } }, unevaluatedProperties: false },
  { $schema, $id: "ref", type: "object", $ref: "#/$defs/x", $defs: { x: { properties: { a: true }, patternProperties: { "^b": {} } } }, unevaluatedProperties: false },
];
fn(async (state) => {
  for (const one of state.cases) {
    for (const schema of schemas) state = await validate(schema, () => one)(state);
  }
  return state;
});
