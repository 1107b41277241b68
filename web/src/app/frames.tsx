// The frames that pages stand in: the whole window, the inside that asks who is there, and a
// project. Routes of pages name one of them as their parent.
import { createRootRoute, createRoute, Outlet, redirect } from "@tanstack/react-router";
import { sessionQuery } from "../api/session";
import { meansSignedOut } from "../api/sessionEnd";
import { Failed, NotFound } from "../pages/NotFound";
import { queryClient } from "./queryClient";
import { Shell } from "./Shell";

export const rootRoute = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: Failed,
});

/** Pages for those who are signed in. Others sign in first, and come back to where they went. */
export const insideRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "inside",
  beforeLoad: async ({ location }) => {
    try {
      return { session: await queryClient.ensureQueryData(sessionQuery) };
    } catch (error) {
      if (meansSignedOut(error)) {
        throw redirect({
          to: "/sign-in",
          search: { next: location.href === "/" ? undefined : location.href },
        });
      }
      throw error;
    }
  },
  component: Shell,
  errorComponent: Failed,
});

/** Pages of one project. */
export const projectRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "projects/$project",
  component: Outlet,
  errorComponent: Failed,
});
