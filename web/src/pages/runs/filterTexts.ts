// Each filter of runs in force, as words. Pure.
import { shortened } from "../../design/Identifier";
import type { FlowWords } from "../../i18n/flows";
import { type RunsSearch, statesIn } from "./routes";
import { BAD_STATES, OPEN_STATES } from "./types";

type OfRuns = Pick<RunsSearch, "workflow" | "state" | "error_type" | "message" | "key" | "ids">;

/** A state by its name, and the groups that pages lead to by a word of their own. */
function toldStates(state: string, words: FlowWords["runs"]): string {
  if (state === OPEN_STATES.join()) {
    return words.filters.open;
  }
  if (state === BAD_STATES.join()) {
    return words.filters.bad;
  }
  return statesIn(state)
    .map((each) => words.states[each])
    .join(", ");
}

/** Without the times: how these are told depends on the reader's clock. */
export function runFilters(
  { workflow, state, error_type, message, key, ids }: OfRuns,
  all: FlowWords,
) {
  const words = all.runs;
  return {
    workflow: workflow && words.filters.ofWorkflow(workflow),
    state: state && toldStates(state, words),
    error_type: error_type && words.filters.withError(error_type),
    message: message && words.filters.ofMessage(shortened(message)),
    key: key && words.filters.about(key),
    ids: ids && all.deliveries.filters.named(ids.split(",").length),
  };
}
