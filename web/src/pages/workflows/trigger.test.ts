import { describe, expect, test } from "vitest";
import type { Definition } from "../../definitions/definition";
import { filterOf, fittingTrigger, kindOf, type TriggerKind, withKind } from "./trigger";

test.each<[Definition, TriggerKind]>([
  [{}, "manual"],
  [{ trigger: {} }, "message"],
  [{ trigger: { source: "kobo" } }, "message"],
  [{ trigger: { event: "case", source: "kobo" } }, "case"],
  [{ trigger: { cron: "0 0 * * *" } }, "cron"],
  [{ trigger: { event: "incident-opened" } }, "incident-opened"],
])("%j is set off by %s", (definition, kind) => {
  expect(kindOf(definition)).toBe(kind);
});

describe("another kind", () => {
  test.each<TriggerKind>(["manual", "message", "case", "form", "cron", "delivery-ended"])(
    "%s",
    (kind) => {
      const before: Definition = { trigger: { source: "kobo" }, steps: {} };
      expect(kindOf(withKind(before, kind))).toBe(kind);
      expect(kindOf(fittingTrigger(withKind(before, kind)))).toBe(kind);
    },
  );
  test("keeps what was typed, and saves only what says something", () => {
    const typed = withKind({ trigger: { source: "kobo", match: {} } }, "cron");
    expect(fittingTrigger(typed)).toEqual({ trigger: { cron: "0 * * * *" } });
    expect(fittingTrigger(withKind(typed, "message"))).toEqual({
      trigger: { source: "kobo", match: {} },
    });
  });
  test("a message with no conditions is still a trigger", () => {
    expect(fittingTrigger(withKind({}, "message"))).toEqual({ trigger: { event: "message" } });
  });
});

test.each<[Definition, Definition | null]>([
  [{}, null],
  [{ trigger: { cron: "* * * * *" } }, null],
  [
    { trigger: { source: "kobo", headers: { a: "b" } } },
    { on: "message", from: "kobo", match_headers: { a: "b" } },
  ],
  [
    { trigger: { event: "case", case_types: ["child"], format: "case_json" } },
    { on: "case", case_types: ["child"] },
  ],
])("the filter of %j", (definition, filter) => {
  expect(filterOf(definition)).toEqual(filter);
});
