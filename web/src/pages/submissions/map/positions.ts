// The places of submissions, page by page, without the answers that came with them.
import { queryOptions } from "@tanstack/react-query";
import type { Page } from "../../../api/types";
import { type Submission, type SubmissionFilters, submissionsPage } from "../queries";
import { type Spot, spotOf } from "./mercator";
import type { Placed } from "./thinning";

/** A submission on the map. */
export interface PlacedSubmission extends Placed {
  form: string;
  number: number;
  user: string | null;
  receivedAt: string;
}

/** As many as the hub gives at once. */
const PAGE_ROWS = 500;

/** A page of places. Those without one are not asked for theirs. */
export async function positionsPage(
  project: string,
  filters: SubmissionFilters,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<PlacedSubmission>> {
  if (filters.has_position === "false") {
    return { items: [], next: null };
  }
  const turn = { has_position: true, limit: PAGE_ROWS, cursor };
  const { items, ...page } = await submissionsPage(project, filters, turn, signal);
  const placed = items.flatMap((item) => {
    const spot = spotOfGeometry(item.geo);
    return spot === null ? [] : [placedAt(item, spot)];
  });
  return { ...page, items: placed };
}

/** Whether anything fits the filters, where nothing of it says where it was filled in. */
export const anyQuery = (project: string, filters: SubmissionFilters) =>
  queryOptions({
    queryKey: ["submission-positions", project, filters, "any"],
    queryFn: async ({ signal }) => {
      const turn = { limit: 1, cursor: null };
      const { items, next } = await submissionsPage(project, filters, turn, signal);
      return items.length > 0 || next !== null;
    },
  });

function placedAt(item: Submission, spot: Spot): PlacedSubmission {
  const { id, form, number, user, received_at } = item;
  return { id, form, number, user, receivedAt: received_at, spot };
}

/** Where a geometry of GeoJSON stands: a line or an area at its first corner. */
export function spotOfGeometry(geometry: unknown): Spot | null {
  let coordinates: unknown =
    typeof geometry === "object" && geometry !== null && "coordinates" in geometry
      ? geometry.coordinates
      : null;
  while (Array.isArray(coordinates) && Array.isArray(coordinates[0])) {
    coordinates = coordinates[0];
  }
  const [longitude, latitude]: unknown[] = Array.isArray(coordinates) ? coordinates : [];
  return typeof longitude === "number" && typeof latitude === "number"
    ? spotOf(longitude, latitude)
    : null;
}
