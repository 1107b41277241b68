// How far an action is. Pure.
import type { BulkAction } from "../../api/types";
import type { Tone } from "../../design/StateMark";

type Standing = Pick<BulkAction, "state" | "matched" | "touched" | "passed_over">;

/** The part that is done, from 0 to 1. What was passed over was looked at too. */
export function progressOf({ state, matched, touched, passed_over }: Standing): number {
  if (state === "done" || matched === 0) {
    return state === "running" ? 0 : 1;
  }
  return Math.min(1, (touched + passed_over) / matched);
}

export const ACTION_TONES: Record<BulkAction["state"], Tone> = {
  running: "waiting",
  done: "well",
  stopped: "ended",
  failed: "bad",
};
