import { expect, test } from "vitest";
import {
  fitted,
  kept,
  MOST_SCALE,
  moved,
  pixelOf,
  scaleBar,
  spotAt,
  spotOf,
  zoomed,
} from "./mercator";

const SIZE = { width: 800, height: 400 };

test("the middle of the world is the middle of the plane", () => {
  expect(spotOf(0, 0)).toEqual({ x: 0.5, y: 0.5 });
  expect(spotOf(-180, 0).x).toBe(0);
  expect(spotOf(180, 90).y).toBeCloseTo(0, 3);
  expect(spotOf(36.8, -1.3).y).toBeGreaterThan(0.5);
});

test("a pixel shows the spot that stands there", () => {
  const view = { x: 0.6, y: 0.5, scale: 5000 };
  const spot = spotOf(36.8, -1.3);
  const back = spotAt(pixelOf(spot, view, SIZE), view, SIZE);
  expect(back.x).toBeCloseTo(spot.x, 12);
  expect(back.y).toBeCloseTo(spot.y, 12);
});

test("what is pointed at stays while it comes nearer", () => {
  const view = { x: 0.6, y: 0.5, scale: 5000 };
  const pixel = { x: 100, y: 50 };
  const near = zoomed(view, 3, pixel, SIZE);
  expect(near.scale).toBe(15_000);
  expect(spotAt(pixel, near, SIZE).x).toBeCloseTo(spotAt(pixel, view, SIZE).x, 12);
});

test("the map ends somewhere", () => {
  expect(kept({ x: -3, y: 7, scale: 1 }, SIZE)).toEqual({ x: 0, y: 1, scale: 400 });
  expect(kept({ x: 0.5, y: 0.5, scale: 1e12 }, SIZE).scale).toBe(MOST_SCALE);
  expect(moved({ x: 0.1, y: 0.5, scale: 1000 }, { x: 500, y: 0 }, SIZE).x).toBe(0);
});

test("all spots fit in", () => {
  const spots = [spotOf(36.6, -1.4), spotOf(36.9, -1.2), spotOf(32.6, 0.3)];
  const view = fitted(spots, SIZE);
  for (const spot of spots) {
    const { x, y } = pixelOf(spot, view, SIZE);
    expect(x).toBeGreaterThanOrEqual(47);
    expect(x).toBeLessThanOrEqual(753);
    expect(y).toBeGreaterThanOrEqual(47);
    expect(y).toBeLessThanOrEqual(353);
  }
  expect(fitted([spotOf(36.8, -1.3)], SIZE).scale).toBe(256 * 2 ** 9);
});

test("the bar of the scale is round, and no longer than asked for", () => {
  for (const scale of [400, 3000, 77_777, MOST_SCALE]) {
    const { metres, pixels } = scaleBar({ x: 0.5, y: 0.5, scale }, 120);
    expect(pixels).toBeLessThanOrEqual(120);
    expect(pixels).toBeGreaterThan(40);
    expect([1, 2, 5]).toContain(Number(String(metres)[0]));
  }
});
