// The pages of submissions, and what may stand in their addresses.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn, textsIn, timeIn, wordIn } from "../../app/search";
import { LAST_SPANS, type LastSpan } from "../../lists/last";

export const SUBMISSION_SORTS = ["newest", "oldest", "last-changed", "first-changed"] as const;
export type SubmissionSort = (typeof SUBMISSION_SORTS)[number];
export const USUAL_SORT: SubmissionSort = "newest";

/** As the API has them: with a place that a map can show, or with none. */
export const PLACED = ["true", "false"] as const;
export type IsPlaced = (typeof PLACED)[number];

export interface SubmissionsSearch {
  form?: string;
  source?: string;
  user?: string;
  instance_id?: string;
  last?: LastSpan;
  since?: string;
  until?: string;
  text?: string;
  has_position?: IsPlaced;
  /** Conditions on answers, each as `values.age>=18`. */
  where?: string[];
  sort?: SubmissionSort;
  view?: "map";
  columns?: string;
}

const submissionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "submissions",
  validateSearch: (search: Record<string, unknown>): SubmissionsSearch => ({
    form: textIn(search, "form"),
    source: textIn(search, "source"),
    user: textIn(search, "user"),
    instance_id: textIn(search, "instance_id"),
    last: wordIn(search, "last", LAST_SPANS),
    since: timeIn(search, "since"),
    until: timeIn(search, "until"),
    text: textIn(search, "text"),
    has_position: wordIn(search, "has_position", PLACED),
    where: textsIn(search, "where"),
    sort: wordIn(search, "sort", SUBMISSION_SORTS),
    view: wordIn(search, "view", ["map"]),
    columns: textIn(search, "columns"),
  }),
  component: lazyRouteComponent(() => import("./SubmissionsPage"), "SubmissionsPage"),
});

export const SUBMISSION_TABS = [
  "answers",
  "lifecycle",
  "files",
  "cases",
  "deliveries",
  "versions",
  "original",
  "metadata",
] as const;
export type SubmissionTab = (typeof SUBMISSION_TABS)[number];

export interface SubmissionSearch {
  tab?: SubmissionTab;
  /** The version that is compared with the one before it. */
  version?: string;
  /** Whether the two stand side by side; else what differs is listed. */
  view?: "beside";
}

const submissionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "submissions/$submission",
  validateSearch: (search: Record<string, unknown>): SubmissionSearch => ({
    tab: wordIn(search, "tab", SUBMISSION_TABS),
    version: textIn(search, "version"),
    view: wordIn(search, "view", ["beside"]),
  }),
  component: lazyRouteComponent(() => import("./SubmissionPage"), "SubmissionPage"),
});

export const submissionRoutes = [submissionsRoute, submissionRoute] as const;
