// The plane that the map is drawn on: Mercator's, the whole world from 0 to 1 in both directions, and
// the window that looks at a part of it. Pure.

export interface Spot {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** What is in sight: the middle of the window on the plane, and how many pixels the world is wide. */
export interface View extends Spot {
  scale: number;
}

/** Beyond this the plane has no end. */
const MOST_LATITUDE = 85.05;
/** As near as a village's houses; nearer there is nothing to tell apart. */
export const MOST_SCALE = 256 * 2 ** 15;
const EARTH_METRES = 40_075_016;

export function spotOf(longitude: number, latitude: number): Spot {
  const clamped = Math.max(-MOST_LATITUDE, Math.min(MOST_LATITUDE, latitude));
  const sine = Math.sin((clamped * Math.PI) / 180);
  return {
    x: longitude / 360 + 0.5,
    y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI),
  };
}

/** Where a spot stands in the window, in pixels. */
export function pixelOf(spot: Spot, view: View, size: Size): Spot {
  return {
    x: (spot.x - view.x) * view.scale + size.width / 2,
    y: (spot.y - view.y) * view.scale + size.height / 2,
  };
}

/** Which spot a pixel shows. */
export function spotAt(pixel: Spot, view: View, size: Size): Spot {
  return {
    x: (pixel.x - size.width / 2) / view.scale + view.x,
    y: (pixel.y - size.height / 2) / view.scale + view.y,
  };
}

/** The world fills the window at the least, and its middle stays in sight. */
export function kept(view: View, size: Size): View {
  const least = Math.max(64, Math.min(size.width, size.height));
  const scale = Math.max(least, Math.min(MOST_SCALE, view.scale));
  const within = (middle: number) => Math.max(0, Math.min(1, middle));
  return { x: within(view.x), y: within(view.y), scale };
}

export function moved(view: View, pixels: Spot, size: Size): View {
  const { x, y, scale } = view;
  return kept({ x: x - pixels.x / scale, y: y - pixels.y / scale, scale }, size);
}

/** Nearer or further by a factor; what a pixel shows stays where it is. */
export function zoomed(view: View, factor: number, pixel: Spot, size: Size): View {
  const spot = spotAt(pixel, view, size);
  const { scale } = kept({ ...view, scale: view.scale * factor }, size);
  return kept(
    {
      x: spot.x - (pixel.x - size.width / 2) / scale,
      y: spot.y - (pixel.y - size.height / 2) / scale,
      scale,
    },
    size,
  );
}

/** Space around what is fitted in. */
const MARGIN_PIXELS = 48;
/** A single place is shown with its country around it, not its street. */
const MOST_FITTED_SCALE = 256 * 2 ** 9;

/** The view that has all spots in it; the whole world where there are none. */
export function fitted(spots: readonly Spot[], size: Size): View {
  if (spots.length === 0) {
    return kept({ x: 0.5, y: 0.42, scale: size.width }, size);
  }
  // Not by Math.min(...): a function takes only so many arguments.
  const ends = { left: 1, right: 0, top: 1, bottom: 0 };
  for (const { x, y } of spots) {
    ends.left = Math.min(ends.left, x);
    ends.right = Math.max(ends.right, x);
    ends.top = Math.min(ends.top, y);
    ends.bottom = Math.max(ends.bottom, y);
  }
  const across = (size.width - 2 * MARGIN_PIXELS) / (ends.right - ends.left);
  const down = (size.height - 2 * MARGIN_PIXELS) / (ends.bottom - ends.top);
  const scale = Math.min(across, down, MOST_FITTED_SCALE);
  return kept({ x: (ends.left + ends.right) / 2, y: (ends.top + ends.bottom) / 2, scale }, size);
}

/** Lengths that people know. */
const ROUND = [1, 2, 5];

/** The longest round length that is no wider than so many pixels, in the middle of the window. */
export function scaleBar(view: View, mostPixels: number): { metres: number; pixels: number } {
  const latitude = 2 * Math.atan(Math.exp((0.5 - view.y) * 2 * Math.PI)) - Math.PI / 2;
  const metresOfPixel = (EARTH_METRES * Math.cos(latitude)) / view.scale;
  const most = metresOfPixel * mostPixels;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = power * (ROUND.findLast((round) => round * power <= most) ?? 1);
  return { metres, pixels: metres / metresOfPixel };
}
