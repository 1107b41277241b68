// What a run is about: an id as it is, a point of its clock as other times are shown.
import { Time } from "../../design/Time";
import { pointOf } from "./keys";
import type { Run } from "./types";

export function RunKey({ run }: { run: Run }) {
  const point = pointOf(run);
  return point === null ? run.key : <Time at={point} shown="clock" />;
}
