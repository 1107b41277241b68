// Each filter of runs in force, as words. Pure.
import { shortened } from "../../design/Identifier";
import type { FlowWords } from "../../i18n/flows";
import type { RunsSearch } from "./routes";

type OfRuns = Pick<RunsSearch, "workflow" | "state" | "error_type" | "message" | "key" | "ids">;

/** Without the times: how these are told depends on the reader's clock. */
export function runFilters(
  { workflow, state, error_type, message, key, ids }: OfRuns,
  all: FlowWords,
) {
  const words = all.runs;
  return {
    workflow: workflow && words.filters.ofWorkflow(workflow),
    state: state && words.states[state],
    error_type: error_type && words.filters.withError(error_type),
    message: message && words.filters.ofMessage(shortened(message)),
    key: key && words.filters.about(key),
    ids: ids && all.deliveries.filters.named(ids.split(",").length),
  };
}
