// The way of a message, from what the API says of it: a trunk of stations that every message
// passes, and a branch for each delivery. Pure: pages draw it, tests read it.
import type { Delivery, DeliveryState, Message, WaitReason } from "../api/types";

export type StationKind = "received" | "decoded" | "matched" | "kept";
/** done: passed. failed: the way ended here. aside: passed, but nothing goes on from it. */
export type StationTone = "done" | "failed" | "aside";

export interface Station {
  kind: StationKind;
  tone: StationTone;
  at: string | null;
  /** How many forwarders wanted it, and how many there are. */
  matches: { wanted: number; of: number } | null;
  /** Why it failed or went aside. */
  reason: string | null;
}

/** Where a delivery stands, as the route draws it. */
export type BranchTone = "delivered" | "waiting" | "failed" | "ended";

export interface Branch {
  delivery: string;
  connection: string;
  forwarder: string;
  state: DeliveryState;
  tone: BranchTone;
  /** When its last try began. */
  at: string | null;
  tries: number;
  status: number | null;
  reason: string | null;
  /** What it waits for; null for what is final. */
  next: { at: string | null; because: WaitReason | null } | null;
}

export interface Way {
  trunk: Station[];
  branches: Branch[];
}

type MessageFacts = Pick<Message, "state" | "received_at" | "reason" | "duplicate_of">;
type DeliveryFacts = Pick<
  Delivery,
  | "id"
  | "connection"
  | "forwarder"
  | "state"
  | "attempts"
  | "last_status"
  | "last_error"
  | "next_attempt_at"
  | "registered_at"
  | "waits_because"
  | "waits_until"
> & { last_attempt_at?: string | null };

/** The way of a message. What is not known of it, such as the matches in a list, is left out. */
export function wayOfMessage(
  message: MessageFacts,
  matches: { matched: boolean }[] | null = null,
  deliveries: DeliveryFacts[] = [],
): Way {
  const received = station("received", "done", { at: message.received_at });
  if (message.state === "quarantined") {
    return {
      trunk: [received, station("decoded", "failed", { reason: message.reason })],
      branches: [],
    };
  }
  const trunk = [received, station("decoded", "done")];
  if (message.state === "duplicate") {
    trunk.push(station("kept", "aside", { reason: message.duplicate_of }));
    return { trunk, branches: deliveries.map(branch) };
  }
  if (matches !== null) {
    const wanted = matches.filter((match) => match.matched).length;
    const tone = wanted === 0 && deliveries.length === 0 ? "aside" : "done";
    trunk.push(station("matched", tone, { matches: { wanted, of: matches.length } }));
  }
  trunk.push(station("kept", "done"));
  return { trunk, branches: deliveries.map(branch) };
}

/** The way of one delivery: its message has passed all stations, or it would not be there. */
export function wayOfDelivery(delivery: DeliveryFacts): Way {
  const trunk = [
    station("received", "done"),
    station("matched", "done"),
    station("kept", "done", { at: delivery.registered_at }),
  ];
  return { trunk, branches: [branch(delivery)] };
}

function station(kind: StationKind, tone: StationTone, more: Partial<Station> = {}): Station {
  return { kind, tone, at: null, matches: null, reason: null, ...more };
}

const TONES: Record<DeliveryState, BranchTone> = {
  pending: "waiting",
  failed: "waiting",
  succeeded: "delivered",
  cancelled: "ended",
  rejected: "failed",
  broken: "failed",
  superseded: "ended",
};

export function branch(delivery: DeliveryFacts): Branch {
  const tone = TONES[delivery.state];
  const waits = tone === "waiting";
  return {
    delivery: delivery.id,
    connection: delivery.connection,
    forwarder: delivery.forwarder,
    state: delivery.state,
    tone,
    at: delivery.last_attempt_at ?? null,
    tries: delivery.attempts,
    status: delivery.last_status,
    reason: tone === "delivered" ? null : delivery.last_error,
    next: waits
      ? { at: delivery.waits_until ?? delivery.next_attempt_at, because: delivery.waits_because }
      : null,
  };
}
