// The pages of incidents, and what may stand in their addresses.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { Incident } from "../../api/types";
import { projectRoute } from "../../app/frames";
import { textIn, wordIn } from "../../app/search";

export const INCIDENT_KINDS: readonly Incident["kind"][] = ["connection", "silence", "call"];

export interface IncidentsSearch {
  kind?: Incident["kind"];
  subject?: string;
  columns?: string;
}

export const incidentsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "incidents",
  validateSearch: (search: Record<string, unknown>): IncidentsSearch => ({
    kind: wordIn(search, "kind", INCIDENT_KINDS),
    subject: textIn(search, "subject"),
    columns: textIn(search, "columns"),
  }),
  component: lazyRouteComponent(() => import("./IncidentsPage"), "IncidentsPage"),
});

export const incidentRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "incidents/$incident",
  component: lazyRouteComponent(() => import("./IncidentPage"), "IncidentPage"),
});

export const incidentRoutes = [incidentsRoute, incidentRoute] as const;
