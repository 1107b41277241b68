import { expect, test } from "vitest";
import { lineOfMistake } from "./places";

const FILE = `project: clinic
title: Clinic network
notify:
- ops@example.org
- https://chat.example.org
sources:
  intake:
    # the inbox of the clinics
    dialect: json
connections:
  intake:
    url: http://127.0.0.1:9/hook
  "ware house":
    headers:
      - name: X-One
        value: one
      - name: X-Two
        value: two
forwarders:
  births: { from: intake, to: warehouse }
`;

test.each([
  ["title", 2],
  ["notify", 3],
  ["notify[1]", 5],
  ["sources.intake.dialect", 9],
  ["connections.intake", 11],
  ["connections.intake.url", 12],
  ["connections.ware house.headers[1].value", 18],
  ["connections.ware house.headers[0].name", 15],
  // What stands inside a line of its parent is shown at that.
  ["forwarders.births.to", 20],
  // What is missing is shown at what should have it.
  ["connections.intake.auth.basic", 11],
  ["nowhere", null],
])("%s is on line %s", (path, line) => {
  expect(lineOfMistake(FILE, path, "it is wrong")).toBe(line);
});

test("a mistake of the writing names its line itself", () => {
  expect(lineOfMistake(FILE, "", "line 3, column 1: a list is not closed")).toBe(3);
  expect(lineOfMistake("a: [\n", "", "line 9, column 1: it ends too early")).toBe(2);
  expect(lineOfMistake(FILE, "", "it is wrong")).toBeNull();
});
