import { describe, expect, test } from "vitest";
import type { DeliveryState } from "../api/types";
import { branch, wayOfDelivery, wayOfMessage } from "./stations";

const received_at = "2026-11-22T14:02:11.301000Z";
const kept = { state: "kept", received_at, reason: null, duplicate_of: null } as const;

function delivery(state: DeliveryState, more = {}) {
  return {
    id: "d1",
    connection: "warehouse",
    forwarder: "births",
    state,
    attempts: 3,
    last_status: 503,
    last_error: "answered 503",
    next_attempt_at: "2026-11-22T14:08:00Z",
    registered_at: received_at,
    waits_because: null,
    waits_until: null,
    ...more,
  };
}

const drawn = (trunk: { kind: string; tone: string }[]) =>
  trunk.map(({ kind, tone }) => `${kind} ${tone}`);

describe("the trunk", () => {
  test.each([
    [
      "a kept message in a list",
      wayOfMessage(kept),
      ["received done", "decoded done", "kept done"],
    ],
    [
      "a kept message that is wanted",
      wayOfMessage(kept, [{ matched: true }, { matched: false }]),
      ["received done", "decoded done", "matched done", "kept done"],
    ],
    [
      "a kept message that nobody wants",
      wayOfMessage(kept, [{ matched: false }]),
      ["received done", "decoded done", "matched aside", "kept done"],
    ],
    [
      "a message that nobody wants today, but that was delivered",
      wayOfMessage(kept, [{ matched: false }], [delivery("succeeded")]),
      ["received done", "decoded done", "matched done", "kept done"],
    ],
    [
      "a message that could not be read",
      wayOfMessage({ ...kept, state: "quarantined", reason: "not JSON" }, [{ matched: true }]),
      ["received done", "decoded failed"],
    ],
    [
      "a duplicate",
      wayOfMessage({ ...kept, state: "duplicate", duplicate_of: "m0" }),
      ["received done", "decoded done", "kept aside"],
    ],
    [
      "a delivery",
      wayOfDelivery(delivery("failed")),
      ["received done", "matched done", "kept done"],
    ],
  ])("%s", (_, way, expected) => {
    expect(drawn(way.trunk)).toEqual(expected);
  });

  test("says how many forwarders wanted it", () => {
    const { trunk } = wayOfMessage(kept, [
      { matched: true },
      { matched: false },
      { matched: true },
    ]);
    expect(trunk[2]?.matches).toEqual({ wanted: 2, of: 3 });
    expect(trunk[0]?.at).toBe(received_at);
  });

  test("carries the reason to where it ended", () => {
    const { trunk } = wayOfMessage({ ...kept, state: "quarantined", reason: "not JSON" });
    expect(trunk.at(-1)?.reason).toBe("not JSON");
  });
});

describe("a branch", () => {
  test.each<[DeliveryState, string, boolean]>([
    ["pending", "waiting", true],
    ["failed", "waiting", true],
    ["succeeded", "delivered", false],
    ["cancelled", "ended", false],
    ["superseded", "ended", false],
    ["rejected", "failed", false],
    ["broken", "failed", false],
  ])("%s is drawn as %s", (state, tone, waits) => {
    const drawn = branch(delivery(state));
    expect(drawn.tone).toBe(tone);
    expect(drawn.next !== null).toBe(waits);
  });

  test("that was delivered tells of no error that came before", () => {
    expect(branch(delivery("succeeded")).reason).toBeNull();
    expect(branch(delivery("broken")).reason).toBe("answered 503");
  });

  test("that is held back says why, and until when", () => {
    const until = "2026-11-22T15:00:00Z";
    const held = branch(delivery("pending", { waits_because: "left-alone", waits_until: until }));
    expect(held.next).toEqual({ at: until, because: "left-alone" });
  });
});
