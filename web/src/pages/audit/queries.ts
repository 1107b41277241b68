// What the pages of the audit log ask the hub: of a project, or (where it is null) of everything.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { components } from "../../api/schema";
import type { Page } from "../../api/types";
import { momentOf } from "./moment";
import type { AuditSearch } from "./routes";

export type AuditEntry = components["schemas"]["AuditEntry"];
export type AuditFilters = Pick<AuditSearch, "who" | "action" | "from" | "to">;

const PAGE_ROWS = 100;

export const auditKey = (project: string | null, filters: AuditFilters) => [
  "audit",
  project,
  filters,
];

interface Wanted extends AuditFilters {
  limit?: number;
  cursor?: string;
}

function ask(
  project: string | null,
  query: Wanted,
  signal?: AbortSignal,
): Promise<Page<AuditEntry>> {
  return answered(
    project === null
      ? api.GET("/api/v1/audit", { params: { query }, signal })
      : api.GET("/api/v1/projects/{project}/audit", {
          params: { path: { project }, query },
          signal,
        }),
  );
}

export const fetchAudit =
  (project: string | null, filters: AuditFilters) =>
  (cursor: string | null, signal?: AbortSignal): Promise<Page<AuditEntry>> =>
    ask(project, { ...filters, limit: PAGE_ROWS, cursor: cursor ?? undefined }, signal);

/** One entry; null where there is none. An id tells its moment, and the log is asked for that. */
export const entryQuery = (project: string | null, id: string) =>
  queryOptions({
    queryKey: ["audit", project, "entry", id],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<AuditEntry | null> => {
      const moment = momentOf(id);
      if (moment === null) {
        return null;
      }
      const from = new Date(moment).toISOString();
      const to = new Date(moment + 1).toISOString();
      const { items } = await ask(project, { from, to, limit: PAGE_ROWS }, signal);
      return items.find((entry) => entry.id === id) ?? null;
    },
  });
