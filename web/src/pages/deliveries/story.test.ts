import { expect, test } from "vitest";
import { deliveries } from "../../i18n/en/deliveries";
import { shortError, storyOf } from "./story";

const delivery = {
  state: "failed",
  connection: "warehouse",
  attempts: 3,
  last_status: 503,
  holds: false,
  holds_count: 0,
} as const;

test.each([
  [{}, "warehouse answered 503. 3 tries so far."],
  [{ last_status: null }, "warehouse has not taken it in 3 tries."],
  [{ state: "pending", attempts: 0 }, "It waits for its first try."],
  [{ state: "succeeded", last_status: 201 }, "warehouse took it: 201, after 3 tries."],
  [{ state: "succeeded", last_status: 201, attempts: 1 }, "warehouse took it: 201."],
  [
    { state: "rejected", last_status: 422 },
    "warehouse refused it with 422. It is not tried again by itself.",
  ],
  [
    { state: "rejected", last_status: null, holds: true, holds_count: 2 },
    "warehouse refused it. It is not tried again by itself. 2 deliveries wait until it is requeued or cancelled.",
  ],
  [{ state: "broken" }, "It was given up after 3 tries: warehouse did not take it."],
  [{ state: "cancelled" }, "It was cancelled, and is not sent."],
  [{ state: "superseded" }, "A newer one took its place, and it is not sent."],
] as const)("%j: %s", (more, expected) => {
  expect(storyOf({ ...delivery, ...more }, deliveries.story)).toBe(expected);
});

test.each([
  [
    "The destination refused this payload for good: it answered 422 Unprocessable Entity: no",
    "answered 422 Unprocessable Entity: no",
    "Unprocessable Entity: no",
  ],
  [
    "The destination answered 503 Service Unavailable",
    "answered 503 Service Unavailable",
    "Service Unavailable",
  ],
  ["No connection to a:9", "No connection to a:9", "No connection to a:9"],
])("%j in a row is %j, beside its status %j", (error, expected, beside) => {
  expect([shortError(error), shortError(error, true)]).toEqual([expected, beside]);
});
