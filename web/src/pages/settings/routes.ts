// The settings of a project, and erasing a person in it.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";

const settingsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "settings",
  component: lazyRouteComponent(() => import("./SettingsPage"), "SettingsPage"),
});

const erasuresRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "erasures",
  component: lazyRouteComponent(() => import("./ErasuresPage"), "ErasuresPage"),
});

export const settingsRoutes = [settingsRoute, erasuresRoute] as const;
