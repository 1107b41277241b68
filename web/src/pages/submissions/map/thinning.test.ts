import { expect, test } from "vitest";
import { spotOf } from "./mercator";
import { clusterAt, clustersOf, radiusOf } from "./thinning";

const SIZE = { width: 800, height: 400 };
const place = (id: string, longitude: number, latitude: number) => ({
  id,
  spot: spotOf(longitude, latitude),
});
const NAIROBI = [place("a", 36.8, -1.3), place("b", 36.8001, -1.3001), place("c", 36.82, -1.28)];
const DHAKA = place("d", 90.4, 23.8);

const ids = (scale: number, at = spotOf(36.8, -1.3)) =>
  clustersOf([...NAIROBI, DHAKA], { ...at, scale }, SIZE)
    .map(({ places }) => places.map(({ id }) => id).join(""))
    .sort();

test("places come apart as they come nearer", () => {
  expect(ids(800)).toEqual(["abc", "d"]);
  expect(ids(3_000_000)).toEqual(["ab", "c"]);
});

test("every place in sight stands in one cluster", () => {
  const many = Array.from({ length: 1000 }, (_, index) =>
    place(String(index), 36 + (index % 37) / 50, -1 + (index % 23) / 40),
  );
  const clusters = clustersOf(many, { ...spotOf(36.4, -0.8), scale: 60_000 }, SIZE);
  const all = clusters.flatMap(({ places }) => places.map(({ id }) => id));
  expect(new Set(all).size).toBe(1000);
  expect(all.length).toBe(1000);
  expect(clusters.length).toBeLessThan(300);
});

test("what is pressed is the nearest one that is reached", () => {
  const clusters = clustersOf([...NAIROBI, DHAKA], { ...spotOf(36.8, -1.3), scale: 800 }, SIZE);
  expect(clusterAt(clusters, { x: 402, y: 201 })?.places.length).toBe(3);
  expect(clusterAt(clusters, { x: 402, y: 260 })).toBeNull();
  expect(radiusOf(1)).toBeLessThan(radiusOf(2));
  expect(radiusOf(100_000)).toBe(radiusOf(1_000_000));
});
