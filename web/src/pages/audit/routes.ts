// The audit log of a project, and what may stand in its address.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "../../app/frames";
import { textIn, timeIn } from "../../app/search";

export interface AuditSearch {
  who?: string;
  action?: string;
  from?: string;
  to?: string;
  columns?: string;
  /** The entry that is open beside the list. */
  entry?: string;
}

export const readAuditSearch = (search: Record<string, unknown>): AuditSearch => ({
  who: textIn(search, "who"),
  action: textIn(search, "action"),
  from: timeIn(search, "from"),
  to: timeIn(search, "to"),
  columns: textIn(search, "columns"),
  entry: textIn(search, "entry"),
});

export const auditRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "audit",
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import("./AuditPage"), "AuditPage"),
});
