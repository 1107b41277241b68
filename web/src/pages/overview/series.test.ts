import { expect, test } from "vitest";
import type { Traffic } from "../../api/types";
import { apart, plotOf, tableOf } from "./series";

function traffic(counts: Record<string, number[]>, minutes: number): Traffic {
  const beginning = new Date(2026, 0, 31, 0, 0).getTime();
  return {
    from: new Date(beginning).toISOString(),
    to: new Date(beginning + minutes * 60_000).toISOString(),
    step: "5m",
    series: Object.entries(counts).map(([kind, values]) => ({
      kind: kind as Traffic["series"][number]["kind"],
      name: null,
      points: values.map((count, index) => [
        new Date(beginning + index * minutes * 60_000).toISOString(),
        count,
      ]) as unknown as Traffic["series"][number]["points"],
    })),
  };
}

test("steps are joined, the last ones too when they are fewer", () => {
  const plot = plotOf(traffic({ received: [1, 2, 3, 4], delivered: [0, 1, 0, 9] }, 5), 3);
  expect(plot.values).toEqual({ received: [6, 4], delivered: [1, 9], failed: [0, 0] });
  expect(plot.totals).toEqual({ received: 10, delivered: 10, failed: 0 });
  expect((plot.times[1] ?? 0) - (plot.times[0] ?? 0)).toBe(15 * 60_000);
});

test("a table has a row for each hour, and loses nothing", () => {
  const plot = plotOf(traffic({ received: [1, 2, 3, 4, 5], failed_try: [0, 0, 0, 7, 0] }, 30), 1);
  const rows = tableOf(plot, "today");
  expect(rows.map((row) => row.at.getHours())).toEqual([0, 1, 2]);
  expect(rows.map((row) => row.counts.received)).toEqual([3, 7, 5]);
  expect(rows.map((row) => row.counts.failed)).toEqual([0, 7, 0]);
});

test.each([
  ["far from each other", [10, 50], [10, 50]],
  ["too near", [10, 12], [10, 24]],
  ["in any order", [12, 10], [24, 10]],
  ["at the foot", [95, 96], [82, 96]],
  ["three at the foot", [96, 96, 96], [68, 82, 96]],
])("labels that are %s", (_name, wanted, placed) => {
  expect(apart(wanted, 14, 96)).toEqual(placed);
});
