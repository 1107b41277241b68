// How the states of runs and steps look: a tone each, with its shape.
import type { Tone } from "../../design/StateMark";
import type { RunState, StepState } from "./types";

export const RUN_TONES: Record<RunState, Tone> = {
  available: "waiting",
  claimed: "waiting",
  started: "waiting",
  success: "well",
  failed: "bad",
  crashed: "bad",
  killed: "bad",
  exception: "bad",
  cancelled: "ended",
  lost: "bad",
};

export const STEP_TONES: Record<StepState, Tone> = {
  running: "waiting",
  success: "well",
  fail: "bad",
  crash: "bad",
  kill: "bad",
  exception: "bad",
  cancel: "ended",
};
