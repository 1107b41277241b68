// How deep a question stands within the groups of its form.
import { namesOf } from "../../filed/path";

/** Deeper ones are drawn no deeper: a phone has no room for it. */
const MOST_LEVELS = 6;

export function levelOf(path: string): number {
  return Math.min(MOST_LEVELS, Math.max(0, namesOf(path).length - 1));
}
