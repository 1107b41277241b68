// The nouns of runs, as the hub tells them.
import type { components } from "../../api/schema";

type Schemas = components["schemas"];

export type RunState = Schemas["RunStateName"];
export type StepState = Schemas["StepStateName"];
export type RunInputKind = Schemas["RunInputName"];
export type Run = Schemas["Run"];
export type RunStep = Schemas["RunStep"];
export type RunDetails = Schemas["RunDetails"];
export type LogLine = Schemas["LogLine"];

/** What goes on stands first, then what ended well, then the rest. */
export const RUN_STATES: readonly RunState[] = [
  "available",
  "claimed",
  "started",
  "success",
  "failed",
  "crashed",
  "killed",
  "exception",
  "cancelled",
  "lost",
];

/** What waits and what goes on. */
export const OPEN_STATES: readonly RunState[] = ["available", "claimed", "started"];

/** What did not end well, without anybody having ended it. */
export const BAD_STATES: readonly RunState[] = ["failed", "crashed", "killed", "exception", "lost"];

/** Whether nothing more happens with it. */
export const isFinal = (state: RunState): boolean => !OPEN_STATES.includes(state);
