import { expect, test } from "vitest";
import { pointOf } from "./keys";
import type { RunInputKind } from "./types";

test("the keys of clocks are times, and those of senders are not", () => {
  const point = "2026-01-31T06:00:00Z";
  const of = (key: string | null, kind: RunInputKind) =>
    pointOf({ key, input: { kind, id: null, bytes: null } as never });
  expect(of(point, "state")).toBe(point);
  expect(of("2026-01-31T06:00:00.000001Z", "state")).toBe("2026-01-31T06:00:00.000001Z");
  for (const kind of ["message", "submission", "case"] as const) {
    expect(of(point, kind)).toBeNull();
  }
  for (const key of [null, "", "f-1", "2026-01-31", "2026-13-45T99:99:99Z", `uuid:${point}`]) {
    expect(of(key, "state")).toBeNull();
  }
});
