// The list of projects, and what an address without a page leads to.
import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { projectsQuery } from "../../api/projects";
import { insideRoute } from "../../app/frames";
import { queryClient } from "../../app/queryClient";

export const projectsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "projects",
  component: lazyRouteComponent(() => import("./ProjectsPage"), "ProjectsPage"),
});

/** Who has one project goes there at once. */
const homeRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "/",
  beforeLoad: async () => {
    const projects = await queryClient.ensureQueryData(projectsQuery);
    const [only, ...others] = projects;
    if (only !== undefined && others.length === 0) {
      throw redirect({ to: "/projects/$project", params: { project: only.name } });
    }
    throw redirect({ to: "/projects" });
  },
});

export const projectsRoutes = [homeRoute, projectsRoute] as const;
