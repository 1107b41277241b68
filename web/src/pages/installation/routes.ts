// The pages of the whole installation, for those who run it.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { insideRoute } from "../../app/frames";
import { readAuditSearch } from "../audit/routes";

const frameRoute = createRoute({
  getParentRoute: () => insideRoute,
  id: "installation",
  component: lazyRouteComponent(() => import("./InstallationFrame"), "InstallationFrame"),
});

const usersRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: "installation/users",
  component: lazyRouteComponent(() => import("./UsersPage"), "UsersPage"),
});

const tokensRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: "installation/tokens",
  component: lazyRouteComponent(() => import("./AllTokensPage"), "AllTokensPage"),
});

const auditRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: "installation/audit",
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import("./AllAuditPage"), "AllAuditPage"),
});

const keysRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: "installation/keys",
  component: lazyRouteComponent(() => import("./KeysPage"), "KeysPage"),
});

const statusRoute = createRoute({
  getParentRoute: () => frameRoute,
  path: "installation/status",
  component: lazyRouteComponent(() => import("./StatusPage"), "StatusPage"),
});

export const installationRoute = frameRoute.addChildren([
  usersRoute,
  tokensRoute,
  auditRoute,
  keysRoute,
  statusRoute,
]);
