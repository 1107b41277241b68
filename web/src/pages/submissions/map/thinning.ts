// Many places on a small map: those that would lie upon each other are drawn as one, with their
// number. Pure.
import { pixelOf, type Size, type Spot, type View } from "./mercator";

export interface Placed {
  id: string;
  spot: Spot;
}

/** Places that are drawn as one. */
export interface Cluster<Place> {
  /** Their middle, in pixels. */
  x: number;
  y: number;
  places: Place[];
}

/** Places nearer to each other than about this are drawn as one. */
const CELL_PIXELS = 36;
/** What stands outside by less than this still shows with its edge. */
const EDGE_PIXELS = 24;

/** What is in sight, put together by the cells of a grid. It lies on the plane, not on the window, so
 *  that nothing jumps from one cluster to another while the map is moved. */
export function clustersOf<Place extends Placed>(
  places: readonly Place[],
  view: View,
  size: Size,
): Cluster<Place>[] {
  const cells = new Map<string, Cluster<Place>>();
  for (const place of places) {
    const { x, y } = pixelOf(place.spot, view, size);
    const isInSight =
      x > -EDGE_PIXELS &&
      y > -EDGE_PIXELS &&
      x < size.width + EDGE_PIXELS &&
      y < size.height + EDGE_PIXELS;
    if (isInSight) {
      const column = Math.floor((place.spot.x * view.scale) / CELL_PIXELS);
      const row = Math.floor((place.spot.y * view.scale) / CELL_PIXELS);
      const cell = cells.get(`${column} ${row}`);
      if (cell === undefined) {
        cells.set(`${column} ${row}`, { x, y, places: [place] });
      } else {
        // The middle of all, place by place.
        cell.places.push(place);
        cell.x += (x - cell.x) / cell.places.length;
        cell.y += (y - cell.y) / cell.places.length;
      }
    }
  }
  return [...cells.values()];
}

const LEAST_RADIUS = 5;
const MOST_RADIUS = 18;

/** How large a cluster is drawn. */
export function radiusOf(count: number): number {
  return count === 1 ? LEAST_RADIUS : Math.min(MOST_RADIUS, 9 + 2.2 * Math.log2(count));
}

/** A finger is not a needle. */
const REACH_PIXELS = 8;

/** The cluster under a pixel; the nearest one where several are. */
export function clusterAt<Place>(
  clusters: readonly Cluster<Place>[],
  pixel: Spot,
): Cluster<Place> | null {
  let found: { cluster: Cluster<Place>; away: number } | null = null;
  for (const cluster of clusters) {
    const away = Math.hypot(cluster.x - pixel.x, cluster.y - pixel.y);
    const isNear = away <= radiusOf(cluster.places.length) + REACH_PIXELS;
    if (isNear && (found === null || away < found.away)) {
      found = { cluster, away };
    }
  }
  return found?.cluster ?? null;
}
