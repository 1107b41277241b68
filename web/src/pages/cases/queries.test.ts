import { expect, test } from "vitest";
import { exportPath } from "./queries";

test("an export of cases has every filter of the list", () => {
  const filters = {
    type: "child",
    owner: "o1",
    state: "open",
    external_id: "7",
    parent: "c0",
    since: "2026-11-22T00:00:00Z",
    until: "2026-11-23T00:00:00Z",
    text: "amina",
    where: ["properties.village=Kibera", "properties.age"],
  } as const;
  const path = exportPath("clinic", { ...filters, where: [...filters.where] }, "csv");
  const { pathname, searchParams } = new URL(path, "http://hub.example.org");
  expect(pathname).toBe("/api/v1/projects/clinic/exports/cases");
  expect(Object.fromEntries(searchParams)).toEqual({
    format: "csv",
    type: "child",
    owner: "o1",
    closed: "false",
    external_id: "7",
    parent: "c0",
    modified_since: "2026-11-22T00:00:00Z",
    modified_until: "2026-11-23T00:00:00Z",
    text: "amina",
    where: "properties.age",
  });
  expect(searchParams.getAll("where")).toEqual(filters.where);
});
