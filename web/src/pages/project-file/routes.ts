// The page of the project file.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";

export const projectFileRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "project-file",
  component: lazyRouteComponent(() => import("./ProjectFilePage"), "ProjectFilePage"),
});
