// The map of a project, and what may stand in its address.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { wordIn } from "../../app/search";

export const MAP_VIEWS = ["picture", "list"] as const;
export type MapView = (typeof MAP_VIEWS)[number];

export const mapRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "map",
  validateSearch: (search: Record<string, unknown>): { view?: MapView } => ({
    view: wordIn(search, "view", MAP_VIEWS),
  }),
  component: lazyRouteComponent(() => import("./MapPage"), "MapPage"),
});
