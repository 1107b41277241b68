// How a destination stands, where the hub's own word says too little: an incident may last though
// deliveries arrive again or nothing is sent, and a destination that takes nothing has no incident
// before enough has failed. Pure.
import type { ConnectionHealth } from "../api/types";
import type { Forwarder } from "./queries";

/** `failing`: every try of late failed, too few yet for an incident. `paused_in_trouble`: nothing is
 *  sent, and its incident lasts. */
export type Standing = ConnectionHealth["state"] | "failing" | "paused_in_trouble";

export function standingOf({
  state,
  incident,
  failing,
}: Pick<ConnectionHealth, "state" | "incident" | "failing">): Standing {
  if (state === "paused") {
    return incident === null ? "paused" : "paused_in_trouble";
  }
  return failing && state !== "in_trouble" ? "failing" : state;
}

/** What it has taken since its incident began: nothing, some of what it was sent, or everything
 *  since the last failure, so that the incident is about to end. */
export type Taken = "nothing" | "some" | "again";

export function takenBy({
  since,
  last_delivered_at: last,
  recovering,
}: Pick<ConnectionHealth, "since" | "last_delivered_at" | "recovering">): Taken {
  if (recovering !== null) {
    return "again";
  }
  return since !== null && last !== null && Date.parse(last) > Date.parse(since)
    ? "some"
    : "nothing";
}

/** `with_failures`: some of what it made failed or was given up. `failing`: every try of late did. */
export type ForwarderStanding = "well" | "with_failures" | "failing" | "paused";

export function forwarderStanding({
  paused,
  failing,
  deliveries,
}: Pick<Forwarder, "paused" | "failing" | "deliveries">): ForwarderStanding {
  if (paused) {
    return "paused";
  }
  const { failed = 0, rejected = 0, broken = 0 } = deliveries;
  return failing ? "failing" : failed + rejected + broken > 0 ? "with_failures" : "well";
}
