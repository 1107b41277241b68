import { expect, test } from "vitest";
import { kindOfFile } from "./queries";

test.each([
  ["visit.xml", "application/xml"],
  ["Visit.XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  ["visit.xls", "application/vnd.ms-excel"],
  ["visit.json", "application/json"],
  ["visit", "application/xml"],
])("%s is %s", (name, kind) => {
  expect(kindOfFile(name)).toBe(kind);
});
