// What happened to a message, in the order in which it happened. Pure: from its time line.
import type { Timeline, TimelineDelivery } from "../../api/types";

export type Happening =
  | { kind: "received" | "erased"; at: string }
  | { kind: "made" | "resent" | "replayed"; at: string; delivery: TimelineDelivery }
  | {
      kind: "tried";
      at: string;
      delivery: TimelineDelivery;
      attempt: TimelineDelivery["tries"][number];
    };

export function historyOf(timeline: Timeline): Happening[] {
  const { message, deliveries } = timeline;
  const happened: Happening[] = [{ kind: "received", at: message.received_at }];
  for (const delivery of deliveries) {
    const kind =
      delivery.origin === "resend" ? "resent" : delivery.origin === "replay" ? "replayed" : "made";
    happened.push({ kind, at: delivery.made_at, delivery });
    for (const attempt of delivery.tries) {
      happened.push({ kind: "tried", at: attempt.started_at, delivery, attempt });
    }
  }
  if (message.erased_at !== null) {
    happened.push({ kind: "erased", at: message.erased_at });
  }
  // The sort is stable: what happened at one moment stays in the order of cause and effect.
  return happened.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
