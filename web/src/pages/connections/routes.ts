// The pages of connections.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn } from "../../app/search";

const connectionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "connections",
  component: lazyRouteComponent(() => import("./ConnectionsPage"), "ConnectionsPage"),
});

/** `source`: the source that whoever makes it wants to lead to it. */
const newConnectionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "new/connection",
  validateSearch: (search: Record<string, unknown>): { source?: string } => ({
    source: textIn(search, "source"),
  }),
  component: lazyRouteComponent(() => import("./ConnectionFormPage"), "NewConnectionPage"),
});

const connectionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "connections/$connection",
  component: lazyRouteComponent(() => import("./ConnectionPage"), "ConnectionPage"),
});

const changeConnectionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "connections/$connection/change",
  component: lazyRouteComponent(() => import("./ConnectionFormPage"), "ChangeConnectionPage"),
});

export const connectionRoutes = [
  connectionsRoute,
  newConnectionRoute,
  connectionRoute,
  changeConnectionRoute,
] as const;
