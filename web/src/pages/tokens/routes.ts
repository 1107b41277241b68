// The page of the tokens of a project.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";

export const tokensRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "tokens",
  component: lazyRouteComponent(() => import("./TokensPage"), "TokensPage"),
});
