// When a delivery that fails again and again is tried, by the rule that docs/reference/project-file.md
// tells: each pause grows by a factor up to the longest one, and once the time is over and the
// fewest tries were made, it is given up. By chance up to a tenth is added to each pause; that is
// left out here.

export interface RetryPolicy {
  /** All times in milliseconds. */
  first: number;
  factor: number;
  max: number;
  giveUpAfter: number;
  minimumTries: number;
}

export const USUAL_POLICY: RetryPolicy = {
  first: 15_000,
  factor: 3,
  max: 6 * 3_600_000,
  giveUpAfter: 5 * 86_400_000,
  minimumTries: 3,
};

/** The pause after the try of that number, 1 for the first. */
export function pauseAfter(policy: RetryPolicy, tries: number): number {
  const grown = policy.first * Math.max(1, policy.factor) ** (Math.max(1, tries) - 1);
  return Math.min(grown, policy.max);
}

export interface RetryPlan {
  /** When each try would be, counted from when the delivery was made; at most as many as asked. */
  tries: number[];
  /** Whether the last of them is the last there is. */
  ends: boolean;
}

export function plannedTries(policy: RetryPolicy, most: number): RetryPlan {
  const tries: number[] = [];
  let at = 0;
  while (tries.length < most) {
    tries.push(at);
    if (tries.length >= policy.minimumTries && at >= policy.giveUpAfter) {
      return { tries, ends: true };
    }
    at += pauseAfter(policy, tries.length);
  }
  return { tries, ends: false };
}

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration as definitions have it, `15s`, in milliseconds; null for anything else. */
export function durationOf(text: string): number | null {
  const found = /^(\d+)(ms|s|m|h|d)$/.exec(text.trim());
  const unit = UNITS[found?.[2] ?? ""];
  return found === null || unit === undefined ? null : Number(found[1]) * unit;
}

/** The policy of a definition's `retry`; null while something in it is not to be read. */
export function policyOf(text: (key: string) => string): RetryPolicy | null {
  const duration = (key: string, usual: number) =>
    text(key) === "" ? usual : durationOf(text(key));
  const number = (key: string, usual: number) => (text(key) === "" ? usual : Number(text(key)));
  const first = duration("first", USUAL_POLICY.first);
  const max = duration("max", Math.max(USUAL_POLICY.max, first ?? 0));
  const giveUpAfter = duration("give_up_after", USUAL_POLICY.giveUpAfter);
  const factor = number("factor", USUAL_POLICY.factor);
  const minimumTries = number("minimum_tries", USUAL_POLICY.minimumTries);
  if (first === null || max === null || giveUpAfter === null || first < 1) {
    return null;
  }
  return Number.isFinite(factor) && Number.isFinite(minimumTries)
    ? { first, factor, max, giveUpAfter, minimumTries }
    : null;
}
