// "The last 24 hours" in the filters of a list: a span that goes with the clock, where `since` is a
// moment that stays. Links to it can be kept, and mean the same tomorrow.

export const LAST_SPANS = ["1h", "24h", "7d", "30d"] as const;
export type LastSpan = (typeof LAST_SPANS)[number];

const HOUR = 3_600_000;
const HOURS: Record<LastSpan, number> = { "1h": 1, "24h": 24, "7d": 7 * 24, "30d": 30 * 24 };
/** Lists that are looked at within a minute ask the same. */
const WHOLE = 60_000;

/** When a span begins that ends now: exact, as the hub takes it. */
export function sinceOf(span: LastSpan, now: Date): string {
  const minute = Math.floor(now.getTime() / WHOLE) * WHOLE;
  return new Date(minute - HOURS[span] * HOUR).toISOString();
}

/** Filters as the hub takes them: a span becomes the moment at which it began. */
export function withMoment<Filters extends { last?: LastSpan; since?: string }>(
  filters: Filters,
  now: Date,
): Omit<Filters, "last"> {
  const { last, ...others } = filters;
  return last === undefined ? others : { ...others, since: sinceOf(last, now) };
}
