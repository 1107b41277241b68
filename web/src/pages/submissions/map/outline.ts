// The outline of the world: land and borders of Natural Earth, which are in the public domain, as the
// package world-atlas has them. They come with the page: no service outside is asked for a map.
import { feature, mesh } from "topojson-client";
import world from "world-atlas/countries-110m.json";
import { spotOf } from "./mercator";

interface Outline {
  land: Path2D;
  borders: Path2D;
}

let made: Outline | null = null;

/** Both on the plane: they are drawn with the transformation of the view. */
export function outline(): Outline {
  made ??= { land: landPath(), borders: bordersPath() };
  return made;
}

type Line = readonly (readonly number[])[];

/** Half of the world: no line goes as far in one step, unless it goes over the edge of the map. */
const OVER_THE_EDGE = 180;
/** Around the pole the land ends with the map, and goes from one edge to the other. */
const POLE_LATITUDE = -80;

function trace(path: Path2D, line: Line, turned = 0): void {
  let before = line[0]?.[0] ?? 0;
  let turns = 0;
  let isOver = false;
  line.forEach(([longitude = 0, latitude = 0], index) => {
    // What goes over the edge goes on beyond it, and is drawn once more at the other one.
    if (Math.abs(longitude - before) > OVER_THE_EDGE && latitude > POLE_LATITUDE) {
      turns += longitude < before ? 360 : -360;
      isOver = true;
    }
    before = longitude;
    const { x, y } = spotOf(longitude + turns + turned, latitude);
    if (index === 0) {
      path.moveTo(x, y);
    } else {
      path.lineTo(x, y);
    }
  });
  if (isOver && turned === 0) {
    const isEast = (line[0]?.[0] ?? 0) > 0;
    path.closePath();
    trace(path, line, isEast ? -360 : 360);
  }
}

function landPath(): Path2D {
  const path = new Path2D();
  for (const { geometry } of feature(world, world.objects.land).features) {
    const areas: readonly (readonly Line[])[] =
      geometry.type === "MultiPolygon"
        ? geometry.coordinates
        : geometry.type === "Polygon"
          ? [geometry.coordinates]
          : [];
    for (const ring of areas.flat()) {
      trace(path, ring);
      path.closePath();
    }
  }
  return path;
}

/** Each border once, and without the coasts. */
function bordersPath(): Path2D {
  const path = new Path2D();
  const lines = mesh(world, world.objects.countries, (one, other) => one !== other);
  for (const line of lines.coordinates) {
    trace(path, line);
  }
  return path;
}
