// What a run is about, as far as it says so: the id of a case or a form, or the point in time that its clock made
// it for. A point is told as all times are.
import type { Run } from "./types";

const POINT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** The point in time of a run of the clock, or of one that was begun again from such a run. */
export function pointOf(run: Pick<Run, "key" | "input">): string | null {
  // What came in has a key of its sender's, whatever that looks like; the clock gives no input.
  const { key, input } = run;
  if (key === null || input.kind !== "state" || !POINT.test(key)) {
    return null;
  }
  return Number.isNaN(Date.parse(key)) ? null : key;
}
