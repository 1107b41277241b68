import { expect, test } from "vitest";
import { readDefinition } from "../../definitions/definition";
import { parseJson } from "../../payload/json";
import {
  askedIn,
  begun,
  canChange,
  degreesOf,
  emptyRow,
  inBase64,
  positionOf,
} from "./answersForm";

const FORM = readDefinition(
  parseJson(
    JSON.stringify({
      fields: [
        { type: "title", label: "About you" },
        { name: "what", label: "What", type: "string", required: true, hint: "Briefly." },
        { name: "kind", type: "item", items: [{ id: "1", text: "one" }, "two"] },
        { name: "kinds", type: "items" },
        { name: "amount", type: "numeric" },
        { name: "where", type: "map" },
        { name: "photo", type: "file" },
        { name: "agreed", type: "bool" },
        {
          name: "people",
          type: "block",
          fields: [
            { name: "first", type: "string" },
            { name: "n", type: "numeric" },
          ],
        },
        { name: "papers", type: "block", fields: [{ name: "paper", type: "file" }] },
        { name: "hours", type: "table", columns: ["From", "To"] },
        { name: "full", type: "computed", template: "x" },
      ],
    }),
  ),
);
const VALUES = parseJson(
  '{"what":"a lamp","kind":"1","kinds":["a","b"],"amount":12.50,"where":{"type":"Point","coordinates":[6.60,46.5]},' +
    '"photo":{"filename":"a.jpg"},"agreed":true,"people":[{"first":"Ann","n":1.0},{"first":null,"n":null}],' +
    '"hours":[{"c1":"8","c2":"12"}]}',
);
const asked = askedIn(FORM);

function fieldOf(key: string) {
  const found = asked.find((field) => field.key === key);
  if (found === undefined) {
    throw new Error(`there is no field ${key}`);
  }
  return found;
}

test("what is looked at or worked out is not asked, and all else with what its control needs", () => {
  expect(asked.map(({ key }) => key)).toEqual([
    ...["what", "kind", "kinds", "amount", "where", "photo", "agreed", "people", "papers", "hours"],
  ]);
  const [what, kind] = asked;
  expect(what).toMatchObject({ label: "What", hint: "Briefly.", required: true });
  expect(kind?.items).toEqual([
    { value: "1", label: "one" },
    { value: "two", label: "two" },
  ]);
});

test("a control begins with the answer that is there, its digits as they are", () => {
  expect(Object.fromEntries(asked.map((field) => [field.key, begun(field, VALUES)]))).toEqual({
    what: "a lamp",
    kind: "1",
    kinds: ["a", "b"],
    amount: "12.50",
    where: "46.5;6.60",
    photo: "a.jpg",
    agreed: true,
    people: [
      { first: "Ann", n: "1.0" },
      { first: "", n: "" },
    ],
    papers: [],
    hours: [["8", "12"]],
  });
  expect(begun(fieldOf("kinds"), null)).toEqual([]);
});

test("a block with files stays as it is, since they cannot be sent again", () => {
  expect(asked.filter((field) => !canChange(field)).map(({ key }) => key)).toEqual(["papers"]);
});

test("positions and rows", () => {
  expect(degreesOf("46.5;6.6")).toEqual(["46.5", "6.6"]);
  expect(degreesOf("")).toEqual(["", ""]);
  expect(positionOf(" 1 ", "")).toBe("1;");
  expect(positionOf("", " ")).toBe("");
  const row = (key: string) => emptyRow(fieldOf(key));
  expect(row("people")).toEqual({ first: "", n: "" });
  expect(row("hours")).toEqual(["", ""]);
});

test("bytes are carried as Base64, also where there are many", () => {
  expect(inBase64(new Uint8Array([97]))).toBe("YQ==");
  const many = new Uint8Array(100_000).fill(255);
  expect(Uint8Array.from(atob(inBase64(many)), (each) => each.charCodeAt(0))).toEqual(many);
});
