// What a chart draws, made of what the hub counted: what came in, what went out, what failed.
import type { Traffic, TrafficKind } from "../../api/types";
import { midnight } from "./days";
import type { Span } from "./routes";

export const LINES = ["received", "delivered", "failed"] as const;
export type LineKind = (typeof LINES)[number];

const KINDS: Record<LineKind, TrafficKind[]> = {
  received: ["received"],
  delivered: ["delivered"],
  failed: ["failed_try"],
};

export interface Plot {
  /** The beginning of each point, in milliseconds. */
  times: number[];
  values: Record<LineKind, number[]>;
  totals: Record<LineKind, number>;
}

/** Joins so many steps to one point. */
export function plotOf(traffic: Traffic, joined: number): Plot {
  const steps = traffic.series[0]?.points.map(timeOf) ?? [];
  const times = steps.filter((_, index) => index % joined === 0);
  const line = (kind: LineKind) => {
    const values = times.map(() => 0);
    for (const series of traffic.series) {
      if (KINDS[kind].includes(series.kind)) {
        series.points.forEach((point, index) => {
          const place = Math.floor(index / joined);
          values[place] = (values[place] ?? 0) + countOf(point);
        });
      }
    }
    return values;
  };
  const values = {
    received: line("received"),
    delivered: line("delivered"),
    failed: line("failed"),
  };
  return {
    times,
    values,
    totals: {
      received: sum(values.received),
      delivered: sum(values.delivered),
      failed: sum(values.failed),
    },
  };
}

// A point is `[time, count]`, which the description of the API cannot say.
const timeOf = (point: unknown[]): number => Date.parse(String(point[0]));
const countOf = (point: unknown[]): number => Number(point[1]);

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

export interface TableRow {
  at: Date;
  counts: Record<LineKind, number>;
}

/** The same as rows to read: hours of a day, days of a month, months of a year. */
export function tableOf(plot: Plot, span: Span): TableRow[] {
  const rows: TableRow[] = [];
  plot.times.forEach((time, index) => {
    const at = rowOf(new Date(time), span);
    let row = rows.at(-1);
    if (row === undefined || row.at.getTime() !== at.getTime()) {
      row = { at, counts: { received: 0, delivered: 0, failed: 0 } };
      rows.push(row);
    }
    for (const kind of LINES) {
      row.counts[kind] += plot.values[kind][index] ?? 0;
    }
  });
  return rows;
}

function rowOf(time: Date, span: Span): Date {
  switch (span) {
    case "today":
      return new Date(time.getFullYear(), time.getMonth(), time.getDate(), time.getHours());
    case "1y":
      return new Date(time.getFullYear(), time.getMonth(), 1);
    default:
      return midnight(time);
  }
}

/** Places for labels that belong at `wanted`, none nearer to another than `distance`: they give way
 *  downwards, then all upwards as far as the lowest stands below `lowest`. */
export function apart(wanted: number[], distance: number, lowest: number): number[] {
  const order = wanted.map((_, index) => index);
  order.sort((one, other) => (wanted[one] ?? 0) - (wanted[other] ?? 0));
  const placed = [...wanted];
  let free = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    placed[index] = Math.max(wanted[index] ?? 0, free);
    free = (placed[index] ?? 0) + distance;
  }
  let bound = lowest;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index] ?? 0, bound);
    bound = (placed[index] ?? 0) - distance;
  }
  return placed;
}
