// What becomes of a field that is withheld, in words.
import type { Words } from "../../i18n/words";
import type { WithheldField } from "./withheld";

export function toldWithheld(
  { way, step }: WithheldField,
  words: Words["forwarding"]["withhold"],
): string {
  return way === "step" ? words.told.step(step) : words.told[way];
}
