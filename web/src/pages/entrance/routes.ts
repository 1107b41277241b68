// The ways in: signing in, and the links that make an account.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../../app/frames";
import { textIn } from "../../app/search";

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({
    next: textIn(search, "next"),
  }),
  component: lazyRouteComponent(() => import("./SignInPage"), "SignInPage"),
});

export const welcomeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "welcome",
  component: lazyRouteComponent(() => import("./WelcomePage"), "WelcomePage"),
});

export const entranceRoutes = [signInRoute, welcomeRoute] as const;
