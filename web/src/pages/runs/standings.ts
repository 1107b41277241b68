// How each step of a workflow stands in a run, of all the times that it was begun. Pure.
import type { StepStanding } from "../workflows/GraphView";
import type { RunStep } from "./types";

type Told = Pick<RunStep, "number" | "step" | "name_in_state" | "state" | "duration_ms">;

/** What was begun last tells; tries of the same are one time. */
export function standingsOf(steps: readonly Told[]): Map<string, StepStanding> {
  const standings = new Map<string, StepStanding>();
  for (const step of steps.toSorted((one, other) => one.number - other.number)) {
    const times = new Set(
      steps.filter((each) => each.step === step.step).map((each) => each.name_in_state),
    ).size;
    standings.set(step.step, { state: step.state, milliseconds: step.duration_ms, times });
  }
  return standings;
}
