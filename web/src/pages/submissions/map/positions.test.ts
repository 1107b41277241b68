import { expect, test } from "vitest";
import { spotOf } from "./mercator";
import { spotOfGeometry } from "./positions";

test.each([
  [{ type: "Point", coordinates: [36.8, -1.3, 1700] }, spotOf(36.8, -1.3)],
  [
    {
      type: "LineString",
      coordinates: [
        [1, 2],
        [3, 4],
      ],
    },
    spotOf(1, 2),
  ],
  [
    {
      type: "Polygon",
      coordinates: [
        [
          [1, 2],
          [3, 4],
          [5, 6],
          [1, 2],
        ],
      ],
    },
    spotOf(1, 2),
  ],
  [{ type: "Point", coordinates: [] }, null],
  [{ type: "Point" }, null],
  [null, null],
])("%o stands somewhere, or nowhere", (geometry, expected) => {
  expect(spotOfGeometry(geometry)).toEqual(expected);
});
