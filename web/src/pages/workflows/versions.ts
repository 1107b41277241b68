// Two versions of a workflow: the jobs that differ, and what is left of each without its jobs. Pure.
import {
  type Definition,
  isDefinition,
  membersOf,
  ordered,
  writeDefinition,
} from "../../definitions/definition";
import { parseJson, prettyJson } from "../../payload/json";
import { flowOf } from "./graph";

export interface DifferingJob {
  step: string;
  /** Null where there is no such step. */
  before: string | null;
  after: string | null;
}

/** The jobs that are not the same in both, in the order of the newer one. */
export function differing(before: Definition, after: Definition): DifferingJob[] {
  const old = new Map(flowOf(before).steps.map(({ id, job }) => [id, job]));
  const fresh = new Map(flowOf(after).steps.map(({ id, job }) => [id, job]));
  return [...new Set([...fresh.keys(), ...old.keys()])]
    .map((step) => ({
      step,
      before: old.get(step) ?? null,
      after: fresh.get(step) ?? null,
    }))
    .filter((each) => each.before !== each.after);
}

/** All but the jobs, as people read it. */
export function textOfRest(definition: Definition): string {
  const { steps } = definition;
  const bare = isDefinition(steps)
    ? ordered(
        membersOf(steps).map(([id, step]) => {
          const { job: _, ...rest } = isDefinition(step) ? step : {};
          return [id, rest];
        }),
      )
    : {};
  return prettyJson(parseJson(writeDefinition({ ...definition, steps: bare })));
}
