import { expect, test } from "vitest";
import { sinceOf, withMoment } from "./last";

const NOW = new Date("2026-03-02T10:20:30.400Z");

test.each([
  ["1h", "2026-03-02T09:20:00.000Z"],
  ["24h", "2026-03-01T10:20:00.000Z"],
  ["7d", "2026-02-23T10:20:00.000Z"],
  ["30d", "2026-01-31T10:20:00.000Z"],
] as const)("the last %s began at %s", (span, since) => {
  expect(sinceOf(span, NOW)).toBe(since);
});

test("a span goes before a moment, and never to the hub", () => {
  expect(withMoment({ last: "1h", since: "2020-01-01T00:00:00Z", until: "x" }, NOW)).toEqual({
    since: "2026-03-02T09:20:00.000Z",
    until: "x",
  });
  expect(withMoment({ since: "2020-01-01T00:00:00Z" }, NOW)).toEqual({
    since: "2020-01-01T00:00:00Z",
  });
});
