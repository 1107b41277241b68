// How the state of a delivery looks.
import type { DeliveryState } from "../../api/types";
import type { Tone } from "../../design/StateMark";

export const DELIVERY_TONES: Record<DeliveryState, Tone> = {
  pending: "waiting",
  failed: "waiting",
  succeeded: "well",
  rejected: "bad",
  broken: "bad",
  cancelled: "ended",
  superseded: "ended",
};
