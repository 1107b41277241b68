import { expect, test } from "vitest";
import { writeJson } from "../../payload/json";
import { exportPath, leftOut, pauseBefore, readPage, readVersions } from "./queries";

test("answers of a list keep their digits", () => {
  const page = readPage(
    '{"items":[{"id":"a","version":2,"values":{"weight":3.10},"extra":{},"metadata":null}],"next":"c"}',
  );
  const [row] = page.items;
  expect(page.next).toBe("c");
  expect([row?.id, row?.version, row?.metadata]).toEqual(["a", 2, null]);
  expect(row?.values && writeJson(row.values)).toBe('{"weight":3.10}');
});

test("what a version changed keeps its digits too", () => {
  const versions = readVersions(
    `{"items":[{"version":2,"changes":[{"path":"values.weight","was_there":true,"before":3.10,
      "is_there":true,"after":3.105}]},{"version":1,"changes":null}],"next":null}`,
  );
  expect(versions.map(({ changes }) => changes)).toEqual([
    [{ path: "values.weight", before: "3.10", after: "3.105" }],
    null,
  ]);
});

test("an export has the conditions and times of the list", () => {
  const filters = {
    form: "births",
    where: ["values.age>=18"],
    since: "2026-11-22T00:00:00Z",
    has_position: "true" as const,
  };
  expect(exportPath("clinic", "births", filters, "csv")).toBe(
    "/api/v1/projects/clinic/forms/births/export?format=csv&since=2026-11-22T00%3A00%3A00Z&has_position=true&where=values.age%3E%3D18",
  );
});

test("what an export leaves out is told as the list tells it", () => {
  const inForce = [
    { key: "user", text: "by grace" },
    { key: "has_position", text: "with a place" },
    { key: "where values.age>=18", text: "age is at least 18" },
    { key: "text", text: "with 7f1c" },
  ];
  expect(leftOut(inForce)).toEqual(["by grace", "with 7f1c"]);
});

const NOW = new Date("2026-11-20T08:00:00Z");

type State = "waiting" | "failed" | "fetched";

const file = ([state, next_attempt_at]: readonly [State, string | null]) => ({
  fetch: {
    state,
    connection: "kobo",
    attempts: 0,
    next_attempt_at,
    last_error: null,
    fetched_at: null,
  },
});

const FAILED = ["failed", null] as const;
const DUE = ["waiting", "2026-11-20T07:59:00Z"] as const;
const SOON = ["waiting", "2026-11-20T08:00:59Z"] as const;
const LATER = ["waiting", "2026-11-20T08:01:00Z"] as const;

test.each([
  [[DUE], 2000],
  [[SOON], 2000],
  [[LATER], 10_000],
  [[LATER, FAILED, SOON], 2000],
  [[FAILED], false],
  [[["fetched", null] as const], false],
])("files of which %j is known are asked for again after %s", (files, pause) => {
  expect(pauseBefore(files.map(file), NOW)).toBe(pause);
});

test("files that nobody fetches are not asked for again", () => {
  expect(pauseBefore([{ fetch: null }], NOW)).toBe(false);
});
