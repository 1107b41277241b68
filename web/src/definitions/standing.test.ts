import { expect, test } from "vitest";
import { forwarderStanding, standingOf, takenBy } from "./standing";

const NOON = "2026-01-31T12:00:00.000000Z";
const ONE = "2026-01-31T13:00:00.000000Z";

test.each([
  ["well", null, false, "well"],
  ["well", null, true, "failing"],
  ["idle", null, true, "failing"],
  ["idle", null, false, "idle"],
  ["in_trouble", "1", true, "in_trouble"],
  ["paused", null, true, "paused"],
  ["paused", "1", false, "paused_in_trouble"],
] as const)("%s with the incident %s, failing %s, is %s", (state, incident, failing, standing) => {
  expect(standingOf({ state, incident, failing })).toBe(standing);
});

const recovering = { worked_at: ONE, over_at: "2026-01-31T13:10:00.000000Z" };

test.each([
  ["nothing ever arrived", NOON, null, null, "nothing"],
  ["nothing has arrived since it began", ONE, NOON, null, "nothing"],
  ["some arrived, and others failed later", NOON, ONE, null, "some"],
  ["everything has arrived since the last failure", NOON, ONE, recovering, "again"],
  ["the destination is left alone, and there is none", null, ONE, null, "nothing"],
])("an incident during which %s", (_name, since, last_delivered_at, again, taken) => {
  expect(takenBy({ since, last_delivered_at, recovering: again })).toBe(taken);
});

test.each([
  ["nothing has failed", false, false, {}, "well"],
  ["something waits for its first try", false, false, { pending: 2 }, "well"],
  ["some failed, and others arrive", false, false, { failed: 2 }, "with_failures"],
  ["some were refused", false, false, { rejected: 1 }, "with_failures"],
  ["some were given up", false, false, { broken: 1 }, "with_failures"],
  ["every try failed", false, true, { failed: 2 }, "failing"],
  ["it is paused", true, true, { failed: 2 }, "paused"],
])("a forwarder of which %s", (_name, paused, failing, deliveries, state) => {
  expect(forwarderStanding({ paused, failing, deliveries })).toBe(state);
});
