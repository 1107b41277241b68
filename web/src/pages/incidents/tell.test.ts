import { expect, test } from "vitest";
import { incidents } from "../../i18n/en/incidents";
import { formats } from "../../i18n/formats";
import { lastedMilliseconds, tellIncident } from "./tell";

const now = new Date(2026, 10, 22, 15, 0, 0);
const at = (minutesAgo: number) => new Date(now.getTime() - minutesAgo * 60_000).toISOString();

test.each([
  ["connection", 58, null, "warehouse has been in trouble since 14:02."],
  ["connection", 58, 28, "warehouse was in trouble for 30\u00a0min."],
  [
    "silence",
    120,
    null,
    "Nothing has come in from warehouse for longer than expected, noticed 2 hr ago.",
  ],
  ["silence", 180, 60, "warehouse was silent for 2\u00a0h after it was noticed."],
  [
    "call",
    58,
    null,
    "The call warehouse has failed since 14:02. What failed is not sent again by itself.",
  ],
  ["call", 58, 28, "The call warehouse failed for 30\u00a0min."],
] as const)("a %s that began %d min ago and ended %s", (kind, began, ended, expected) => {
  const incident = {
    kind,
    subject: "warehouse",
    opened_at: at(began),
    recovered_at: ended === null ? null : at(ended),
    recovering: null,
  };
  expect(tellIncident(incident, incidents.told, formats("en"), now)).toBe(expected);
});

test("what takes everything again is about to be over", () => {
  const incident = {
    kind: "connection" as const,
    subject: "warehouse",
    opened_at: at(58),
    recovered_at: null,
    recovering: { worked_at: at(8), over_at: at(-2) },
  };
  expect(tellIncident(incident, incidents.told, formats("en"), now)).toBe(
    "warehouse takes what it is sent again since 14:52. This is over at 15:02, if nothing fails until then.",
  );
});

test("clocks that disagree make no time before nothing", () => {
  expect(lastedMilliseconds({ opened_at: at(-1), recovered_at: null }, now)).toBe(0);
});
