// What can be done with a delivery as it stands, by the rules of the hub, and what should be asked
// before. Pure.
import type { Deed, Delivery, DeliveryState } from "../../api/types";

export const DEEDS: readonly Deed[] = ["retry", "cancel", "requeue", "resend"];

type Standing = Pick<Delivery, "state" | "holds">;

export const isWaiting = (state: DeliveryState): boolean =>
  state === "pending" || state === "failed";

export function isAllowed(deed: Deed, delivery: Standing): boolean {
  switch (deed) {
    case "retry":
      return isWaiting(delivery.state);
    case "cancel":
      return isWaiting(delivery.state) || delivery.holds;
    case "requeue":
      return !isWaiting(delivery.state);
    case "resend":
      return true;
  }
}

/** What "once more" means for a delivery: what waits is tried now, what has ended waits again. */
export const onceMore = (delivery: Standing): Deed =>
  isWaiting(delivery.state) ? "retry" : "requeue";

/** Why somebody should think before the deed; null where nothing is lost by it. */
export type Doubt = "resend" | "resend-waiting" | "arrives-again" | "undoes-newer" | "lets-pass";

export function doubtOf(deed: Deed, delivery: Standing & { followers?: number }): Doubt | null {
  switch (deed) {
    case "retry":
      return null;
    case "resend":
      return isWaiting(delivery.state) ? "resend-waiting" : "resend";
    case "requeue":
      return delivery.state === "succeeded"
        ? "arrives-again"
        : delivery.state === "superseded"
          ? "undoes-newer"
          : null;
    case "cancel":
      // A cancellation can be taken back, unless others have gone past meanwhile.
      return delivery.holds || (delivery.followers ?? 0) > 0 ? "lets-pass" : null;
  }
}
