// The pages of sources.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";

const sourcesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "sources",
  component: lazyRouteComponent(() => import("./SourcesPage"), "SourcesPage"),
});

const newSourceRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "new/source",
  component: lazyRouteComponent(() => import("./SourceFormPage"), "NewSourcePage"),
});

const sourceRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "sources/$source",
  component: lazyRouteComponent(() => import("./SourcePage"), "SourcePage"),
});

const changeSourceRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "sources/$source/change",
  component: lazyRouteComponent(() => import("./SourceFormPage"), "ChangeSourcePage"),
});

export const sourceRoutes = [sourcesRoute, newSourceRoute, sourceRoute, changeSourceRoute] as const;
