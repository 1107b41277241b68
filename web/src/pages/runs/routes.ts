// The pages of runs, and what may stand in their addresses.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn, timeIn, wordIn } from "../../app/search";
import { withFlowWords } from "../../i18n/flows";
import { LAST_SPANS, type LastSpan } from "../../lists/last";
import { RUN_STATES, type RunState } from "./types";

export interface RunsSearch {
  workflow?: string;
  /** One state, or several with commas between them. */
  state?: string;
  error_type?: string;
  message?: string;
  key?: string;
  /** Ids with commas between them. */
  ids?: string;
  last?: LastSpan;
  since?: string;
  until?: string;
  columns?: string;
}

export interface RunSearch {
  /** The number of the execution that is looked at. */
  step?: string;
}

/** The states that a filter names. */
export const statesIn = (text: string | undefined): RunState[] => {
  const named = text?.split(",") ?? [];
  return RUN_STATES.filter((state) => named.includes(state));
};

/** What stands in an address, or in the filter of an action, as filters of runs. */
export const runsSearch = (search: Record<string, unknown>): RunsSearch => ({
  workflow: textIn(search, "workflow"),
  state: statesIn(textIn(search, "state")).join() || undefined,
  error_type: textIn(search, "error_type"),
  message: textIn(search, "message"),
  ids: textIn(search, "ids"),
  key: textIn(search, "key"),
  last: wordIn(search, "last", LAST_SPANS),
  since: timeIn(search, "since"),
  until: timeIn(search, "until"),
  columns: textIn(search, "columns"),
});

const runsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "runs",
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => withFlowWords(import("./RunsPage")), "RunsPage"),
});

const runRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "runs/$run",
  validateSearch: (search: Record<string, unknown>): RunSearch => ({
    step: textIn(search, "step"),
  }),
  component: lazyRouteComponent(() => withFlowWords(import("./RunPage")), "RunPage"),
});

export const runRoutes = [runsRoute, runRoute] as const;
