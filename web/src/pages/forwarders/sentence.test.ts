import { expect, test } from "vitest";
import type { Definition } from "../../definitions/definition";
import { forwarding as en } from "../../i18n/en/forwarding";
import { forwarding as fr } from "../../i18n/fr/forwarding";
import { sentencesOf } from "./sentence";

const told = (definition: Definition, isDatabase = false) =>
  sentencesOf(definition, isDatabase, en.told).join(" ");

test.each<[Definition, string]>([
  [{ to: "warehouse" }, "Each message that comes in is sent to warehouse byte for byte."],
  [
    { on: "case" },
    "Each case that a form touches is sent to a connection that is yet to be chosen as XML, as CommCare sends it.",
  ],
  [
    { on: "form", to: "map", format: "geojson", method: "PUT", forms: ["births", "deaths"] },
    "Each form that is submitted is sent to map as a feature on a map, with PUT. Only what is of the form births or deaths.",
  ],
  [
    {
      ...{ on: "case-created", to: "ministry", case_types: "patient", without_users: ["test"] },
      withhold: { name: "drop", phone: "hash" },
    },
    "Each case that a form opens is sent to ministry as XML, as CommCare sends it. Only what is of the type patient, and not by test. 2 fields are withheld, or sent less exactly.",
  ],
  // What says nothing is not told.
  [
    { on: "app-schema", to: "hub", from: "kobo", applications: ["a1"], withhold: { name: "drop" } },
    "Each application that is saved or published is told to hub by its id. Only what is of the application a1.",
  ],
])("%j", (definition, expected) => {
  expect(told(definition)).toBe(expected);
});

test("rows of a table are told as such, and what a database does not take too", () => {
  const rows: Definition = { on: "form", to: "registry", format: "table", method: "PUT" };
  expect(told(rows, true)).toBe(
    "Each form that is submitted is a row of a table named like the form in registry.",
  );
  expect(told({ ...rows, on: "case", table: "patients" }, true)).toBe(
    "Each case that a form touches is a row of the table patients in registry.",
  );
  expect(told({ to: "registry" }, true)).toBe(
    "registry is a database: it takes forms and cases, as rows of a table.",
  );
});

test("French says the same", () => {
  expect(
    sentencesOf({ on: "case", to: "entrepot", case_types: ["patient", "menage"] }, false, fr.told),
  ).toEqual([
    "Chaque dossier touché par un formulaire est envoyé à entrepot en XML, comme le fait CommCare.",
    "Seulement ce qui est du type patient ou menage.",
  ]);
});
