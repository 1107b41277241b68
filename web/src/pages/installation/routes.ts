// The pages of the whole installation, for those who run it.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { insideRoute } from "../../app/frames";
import { readAuditSearch } from "../audit/routes";

const usersRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "installation/users",
  component: lazyRouteComponent(() => import("./UsersPage"), "UsersPage"),
});

const tokensRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "installation/tokens",
  component: lazyRouteComponent(() => import("./AllTokensPage"), "AllTokensPage"),
});

const auditRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "installation/audit",
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import("./AllAuditPage"), "AllAuditPage"),
});

const keysRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "installation/keys",
  component: lazyRouteComponent(() => import("./KeysPage"), "KeysPage"),
});

const statusRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: "installation/status",
  component: lazyRouteComponent(() => import("./StatusPage"), "StatusPage"),
});

export const installationRoutes = [
  usersRoute,
  tokensRoute,
  auditRoute,
  keysRoute,
  statusRoute,
] as const;
