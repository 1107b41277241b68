// How a chart writes its times: by what its points stand for.
import type { TrafficStep } from "../../api/types";
import type { Span } from "./routes";

export interface Clock {
  /** Below the chart. */
  ticks: Intl.DateTimeFormatOptions;
  /** Of the point that is pointed at. */
  points: Intl.DateTimeFormatOptions;
  /** Whether a whole day is drawn, so that its shape can be told from that of other days. */
  isDay?: boolean;
}

const MINUTES: Clock = {
  ticks: { hour: "2-digit", minute: "2-digit" },
  points: { hour: "2-digit", minute: "2-digit" },
};
const HOURS: Clock = {
  ticks: { weekday: "short", day: "numeric" },
  points: { weekday: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
};
const DAYS: Clock = {
  ticks: { day: "numeric", month: "short" },
  points: { weekday: "short", day: "numeric", month: "short" },
};

export const SPAN_CLOCKS: Record<Span, Clock> = {
  today: { ...MINUTES, isDay: true },
  "7d": HOURS,
  "30d": DAYS,
  "1y": { ...DAYS, ticks: { month: "short" } },
};

export const STEP_CLOCKS: Record<TrafficStep, Clock> = {
  "1m": MINUTES,
  "5m": { ...MINUTES, points: { weekday: "short", hour: "2-digit", minute: "2-digit" } },
  "1h": HOURS,
  "1d": DAYS,
};
