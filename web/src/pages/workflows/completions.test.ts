import { expect, test } from "vitest";
import { callOf, offeredTo, offersFor, shortName } from "./completions";

const one = (name: string, summary = "") => ({
  name,
  parameters: "(path, options)",
  summary,
  example: null,
});
const KNOWN = [
  { name: "common", module: "", functions: [one("fn", "Runs a function."), one("each")] },
  {
    name: "http",
    module: "",
    functions: [one("get", "Asks an address."), one("each", "Each page.")],
  },
];

test.each([
  ["http", "http"],
  ["http@7.2.0", "http"],
  ["@openfn/language-http", "http"],
  ["@openfn/language-http@7.2.0", "http"],
  ["my-own@latest", "my-own"],
])("%s is called %s", (adaptor, name) => {
  expect(shortName(adaptor)).toBe(name);
});

test("a step is offered its own functions first, and each once", () => {
  const told = (adaptors: string[]) =>
    offeredTo(adaptors, KNOWN).map(({ adaptor, name }) => `${adaptor}.${name}`);
  expect(told(["http@7"])).toEqual(["http.get", "http.each", "common.fn"]);
  expect(told([])).toEqual(["common.fn", "common.each"]);
  expect(told(["common", "unknown"])).toEqual(["common.fn", "common.each"]);
});

test("functions are found by name before they are found by what they do", () => {
  const offered = offeredTo(["http"], KNOWN);
  expect(offersFor("FN", offered).map(({ name }) => name)).toEqual(["fn"]);
  expect(offersFor("a", offered).map(({ name }) => name)).toEqual(["each", "get", "fn"]);
  expect(offersFor(" ", offered)).toHaveLength(3);
  expect(offersFor("nothing", offered)).toEqual([]);
});

test("a call is written by its example, or by its parameters", () => {
  expect(callOf(one("get"))).toBe("get(path, options);");
  expect(callOf({ ...one("fn"), parameters: "f" })).toBe("fn(f);");
  expect(callOf({ ...one("fn"), example: "fn(state => state)" })).toBe("fn(state => state)");
});
