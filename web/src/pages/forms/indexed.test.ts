import { expect, test } from "vitest";
import type { FormField } from "../../filed/queries";
import { indexable } from "./indexed";

interface Of {
  kind?: FormField["kind"];
  type?: FormField["type"];
  repeat?: string;
}

const field = (path: string, { kind = "answer", type = "text", repeat }: Of): FormField => ({
  path,
  kind,
  type: kind === "answer" ? type : null,
  repeat: repeat ?? null,
  required: null,
  labels: {},
  choices: [],
  choices_are_more: false,
});

test("lists go by single answers: not by those of repeats, several choices and places", () => {
  const fields = [
    field("village", {}),
    field("household", { kind: "group" }),
    field("household.size", { type: "integer" }),
    field("children", { kind: "repeat" }),
    field("children.name", { repeat: "children" }),
    field("children_count", { type: "integer" }),
    field("symptoms", { type: "select-many" }),
    field("gps", { type: "geopoint" }),
  ];
  expect(indexable(fields)).toEqual(["village", "household.size", "children_count"]);
});
