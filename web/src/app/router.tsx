// All pages and their addresses. A page's routes stand beside it, in pages/<noun>/routes.ts, and
// its code is loaded when somebody goes there.
import { createRouter } from "@tanstack/react-router";
import { accountRoute } from "../pages/account/routes";
import { actionRoutes } from "../pages/actions/routes";
import { auditRoute } from "../pages/audit/routes";
import { caseRoutes } from "../pages/cases/routes";
import { connectionRoutes } from "../pages/connections/routes";
import { deliveryRoutes } from "../pages/deliveries/routes";
import { entranceRoutes } from "../pages/entrance/routes";
import { firstStepsRoutes } from "../pages/first-steps/routes";
import { definitionRoutes } from "../pages/forms/definition/routes";
import { formRoutes } from "../pages/forms/routes";
import { forwarderRoutes } from "../pages/forwarders/routes";
import { incidentRoutes } from "../pages/incidents/routes";
import { installationRoute } from "../pages/installation/routes";
import { mapRoute } from "../pages/map/routes";
import { membersRoute } from "../pages/members/routes";
import { messageRoutes } from "../pages/messages/routes";
import { overviewRoute } from "../pages/overview/routes";
import { projectFileRoute } from "../pages/project-file/routes";
import { projectsRoutes } from "../pages/projects/routes";
import { roleRoutes } from "../pages/roles/routes";
import { runRoutes } from "../pages/runs/routes";
import { settingsRoutes } from "../pages/settings/routes";
import { sourceRoutes } from "../pages/sources/routes";
import { submissionRoutes } from "../pages/submissions/routes";
import { tokensRoute } from "../pages/tokens/routes";
import { workflowRoutes } from "../pages/workflows/routes";
import { insideRoute, projectRoute, rootRoute } from "./frames";
import { parseSearch, stringifySearch } from "./search";

const tree = rootRoute.addChildren([
  ...entranceRoutes,
  insideRoute.addChildren([
    ...projectsRoutes,
    accountRoute,
    installationRoute,
    projectRoute.addChildren([
      overviewRoute,
      mapRoute,
      ...messageRoutes,
      ...formRoutes,
      ...definitionRoutes,
      ...roleRoutes,
      ...submissionRoutes,
      ...caseRoutes,
      ...deliveryRoutes,
      ...actionRoutes,
      ...incidentRoutes,
      ...sourceRoutes,
      ...forwarderRoutes,
      ...connectionRoutes,
      ...workflowRoutes,
      ...runRoutes,
      ...firstStepsRoutes,
      projectFileRoute,
      ...settingsRoutes,
      membersRoute,
      tokensRoute,
      auditRoute,
    ]),
  ]),
]);

export function newRouter() {
  return createRouter({
    routeTree: tree,
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}
