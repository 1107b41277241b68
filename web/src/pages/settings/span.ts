// Lengths of time as the project file writes them: `90d` is a number and a unit.

export const UNITS = ["s", "m", "h", "d"] as const;
export type Unit = (typeof UNITS)[number];

export interface Span {
  /** As it was typed: whether it is a number is for the hub to say. */
  count: string;
  unit: Unit;
}

const SPAN = /^(.*?)(s|m|h|d)$/;

/** A span as it is written; null for what is written in another way, such as milliseconds. */
export function readSpan(text: string): Span | null {
  const found = SPAN.exec(text);
  const unit = UNITS.find((each) => each === found?.[2]);
  return found === null || unit === undefined || text.endsWith("ms")
    ? null
    : { count: found[1] ?? "", unit };
}

/** A number of some unit; null where the text says no such thing. */
export function countOf(text: string): { count: number; unit: Unit } | null {
  const span = readSpan(text);
  return span !== null && /^\d+$/.test(span.count)
    ? { count: Number(span.count), unit: span.unit }
    : null;
}

/** Whether a text says no time at all, in whatever unit: the hub writes it as `0ms`. */
export const isNothing = (text: string): boolean => /^0+(ms|s|m|h|d)$/.test(text);
