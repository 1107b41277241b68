// How a forwarder is doing, in a few words: whether it runs, and whether what it makes gets through.
import type { Forwarder } from "../../definitions/queries";
import { type ForwarderStanding, forwarderStanding } from "../../definitions/standing";
import { StateMark, type Tone } from "../../design/StateMark";
import { useWords } from "../../i18n/words";

const TONES: Record<ForwarderStanding, Tone> = {
  well: "well",
  with_failures: "waiting",
  failing: "bad",
  paused: "waiting",
};

export function ForwarderState({ forwarder }: { forwarder: Forwarder }) {
  const words = useWords().forwarders.states;
  const state = forwarderStanding(forwarder);
  return <StateMark tone={TONES[state]}>{words[state]}</StateMark>;
}
