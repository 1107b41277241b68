import { expect, test } from "vitest";
import type { DeliveryState } from "../../api/types";
import { DEEDS, doubtOf, isAllowed, onceMore } from "./deeds";

const standing = (state: DeliveryState, holds = false) => ({ state, holds });

test.each([
  ["pending", false, "retry cancel resend"],
  ["failed", false, "retry cancel resend"],
  ["succeeded", false, "requeue resend"],
  ["rejected", false, "requeue resend"],
  ["rejected", true, "cancel requeue resend"],
  ["broken", true, "cancel requeue resend"],
  ["cancelled", false, "requeue resend"],
  ["superseded", false, "requeue resend"],
] as const)("%s (holds others: %s) allows %s", (state, holds, expected) => {
  const allowed = DEEDS.filter((deed) => isAllowed(deed, standing(state, holds)));
  expect(allowed.join(" ")).toBe(expected);
});

test.each([
  ["pending", "retry"],
  ["failed", "retry"],
  ["rejected", "requeue"],
  ["succeeded", "requeue"],
] as const)("once more for %s is %s", (state, expected) => {
  expect(onceMore(standing(state))).toBe(expected);
});

test.each([
  ["retry", standing("failed"), null],
  ["cancel", standing("failed"), null],
  ["cancel", { ...standing("failed"), followers: 2 }, "lets-pass"],
  ["cancel", standing("rejected", true), "lets-pass"],
  ["requeue", standing("rejected"), null],
  ["requeue", standing("succeeded"), "arrives-again"],
  ["requeue", standing("superseded"), "undoes-newer"],
  ["resend", standing("failed"), "resend-waiting"],
  ["resend", standing("succeeded"), "resend"],
] as const)("%s of %j is doubted: %s", (deed, delivery, expected) => {
  expect(doubtOf(deed, delivery)).toBe(expected);
});
