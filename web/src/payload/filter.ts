// A filter that wants what has a certain value at a certain place, as forwarders write it.
import type { Steps } from "./path";

/** The JSON that a message must contain to have this value there. `json` is taken as it is, so that
 *  numbers keep their digits. An item of a list is asked for in any place: filters know no order. */
export function matchOf(steps: Steps, json: string): string {
  return steps.reduceRight<string>(
    (inner, step) =>
      typeof step === "number" ? `[${inner}]` : `{${JSON.stringify(step)}:${inner}}`,
    json,
  );
}
