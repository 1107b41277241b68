// Spans of time as the reader lives them: a day begins at the reader's own midnight.
import type { TrafficStep } from "../../api/types";
import type { Span } from "./routes";

export function midnight(now: Date): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate());
}

/** How many milliseconds today still has. */
export function untilMidnight(now: Date): number {
  const next = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  return next.getTime() - now.getTime() + 1;
}

interface Stretch {
  from: Date;
  /** What the hub counts by. */
  step: TrafficStep;
  /** So many steps are drawn as one point: what came in within five minutes is mostly nothing. */
  joined: number;
}

const DAYS: Record<Exclude<Span, "today">, number> = { "7d": 7, "30d": 30, "1y": 365 };

/** What a chart of a span asks for. Spans of days include today. */
export function stretchOf(span: Span, now: Date): Stretch {
  const today = midnight(now);
  if (span === "today") {
    return { from: today, step: "5m", joined: 3 };
  }
  const from = new Date(today.getFullYear(), today.getMonth(), today.getDate() - DAYS[span] + 1);
  return span === "7d" ? { from, step: "1h", joined: 1 } : { from, step: "1d", joined: 1 };
}
