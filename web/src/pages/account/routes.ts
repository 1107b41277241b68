// The page of one's own account.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { insideRoute } from "../../app/frames";

export const accountRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "account",
  component: lazyRouteComponent(() => import("./AccountPage"), "AccountPage"),
});
