// The guided first steps: which system, then the clicks over there and what comes of them.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn } from "../../app/search";

const firstStepsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "first-steps",
  component: lazyRouteComponent(() => import("./FirstStepsPage"), "FirstStepsPage"),
});

/** `source` is the one that the system is to post to, once there is one. */
const systemStepsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "first-steps/$system",
  validateSearch: (search: Record<string, unknown>): { source?: string } => ({
    source: textIn(search, "source"),
  }),
  component: lazyRouteComponent(() => import("./SystemPage"), "SystemPage"),
});

export const firstStepsRoutes = [firstStepsRoute, systemStepsRoute] as const;
