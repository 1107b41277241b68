// The list of projects, and what an address without a page leads to.
import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { projectsQuery } from "../../api/projects";
import { insideRoute, projectRoute } from "../../app/frames";
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

/** The first page of a project. */
export const projectHomeRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/projects/$project/messages", params });
  },
});

export const projectsRoutes = [homeRoute, projectsRoute] as const;
