// The pages of actions: what was done to many at once.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn } from "../../app/search";

export const actionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "actions",
  validateSearch: (search: Record<string, unknown>): { columns?: string } => ({
    columns: textIn(search, "columns"),
  }),
  component: lazyRouteComponent(() => import("./ActionsPage"), "ActionsPage"),
});

export const actionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "actions/$action",
  component: lazyRouteComponent(() => import("./ActionPage"), "ActionPage"),
});

export const actionRoutes = [actionsRoute, actionRoute] as const;
