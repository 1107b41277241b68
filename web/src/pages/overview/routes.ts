// The first page of a project, and what may stand in its address.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { wordIn } from "../../app/search";

export const SPANS = ["today", "7d", "30d", "1y"] as const;
/** The time that the chart shows. */
export type Span = (typeof SPANS)[number];

const FOLDS = ["all"] as const;
type Unfolded = (typeof FOLDS)[number];

export interface OverviewSearch {
  /** Today, where it is left out. */
  span?: Span;
  /** Whether a long table is unfolded. */
  sources?: Unfolded;
  destinations?: Unfolded;
}

export const overviewRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/",
  validateSearch: (search: Record<string, unknown>): OverviewSearch => ({
    span: wordIn(search, "span", SPANS),
    sources: wordIn(search, "sources", FOLDS),
    destinations: wordIn(search, "destinations", FOLDS),
  }),
  component: lazyRouteComponent(() => import("./OverviewPage"), "OverviewPage"),
});
