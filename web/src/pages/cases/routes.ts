// The pages of cases, and what may stand in their addresses.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn, textsIn, timeIn, wordIn } from "../../app/search";
import { LAST_SPANS, type LastSpan } from "../../lists/last";

export const CASE_STATES = ["open", "closed"] as const;
export type CaseState = (typeof CASE_STATES)[number];

export interface CasesSearch {
  type?: string;
  owner?: string;
  state?: CaseState;
  external_id?: string;
  /** That point to this case. */
  parent?: string;
  last?: LastSpan;
  since?: string;
  until?: string;
  text?: string;
  /** Conditions on properties, each as `properties.village=Kibera`. */
  where?: string[];
  columns?: string;
}

const casesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "cases",
  validateSearch: (search: Record<string, unknown>): CasesSearch => ({
    type: textIn(search, "type"),
    owner: textIn(search, "owner"),
    state: wordIn(search, "state", CASE_STATES),
    external_id: textIn(search, "external_id"),
    parent: textIn(search, "parent"),
    last: wordIn(search, "last", LAST_SPANS),
    since: timeIn(search, "since"),
    until: timeIn(search, "until"),
    text: textIn(search, "text"),
    where: textsIn(search, "where"),
    columns: textIn(search, "columns"),
  }),
  component: lazyRouteComponent(() => import("./CasesPage"), "CasesPage"),
});

export const CASE_TABS = ["properties", "timeline", "ties", "deliveries"] as const;
export type CaseTab = (typeof CASE_TABS)[number];

export interface CaseSearch {
  tab?: CaseTab;
}

const caseRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "cases/$case",
  validateSearch: (search: Record<string, unknown>): CaseSearch => ({
    tab: wordIn(search, "tab", CASE_TABS),
  }),
  component: lazyRouteComponent(() => import("./CasePage"), "CasePage"),
});

export const caseRoutes = [casesRoute, caseRoute] as const;
