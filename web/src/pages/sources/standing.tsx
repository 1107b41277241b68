// How a source is doing, in a few words.
import type { SourceHealth } from "../../definitions/queries";
import { StateMark, type Tone } from "../../design/StateMark";
import { useWords } from "../../i18n/words";

const TONES: Record<SourceHealth["state"], Tone> = {
  well: "well",
  silent: "bad",
  quiet: "ended",
  never: "quiet",
};

interface StandingProps {
  enabled: boolean;
  health: SourceHealth | undefined;
}

export function SourceStanding({ enabled, health }: StandingProps) {
  const words = useWords().sources;
  if (!enabled) {
    return <StateMark tone="waiting">{words.disabled}</StateMark>;
  }
  const state = health?.state ?? "never";
  return <StateMark tone={TONES[state]}>{words.states[state]}</StateMark>;
}
