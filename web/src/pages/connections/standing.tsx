// How a connection is doing, in a few words.

import type { Connection, ConnectionHealth } from "../../definitions/queries";
import { StateMark, type Tone } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { known } from "../../i18n/known";
import { useWords } from "../../i18n/words";
import own from "./connections.module.css";

const TONES: Record<ConnectionHealth["state"], Tone> = {
  well: "well",
  in_trouble: "bad",
  paused: "waiting",
  idle: "quiet",
};

interface StandingProps {
  paused: boolean;
  health: ConnectionHealth | undefined;
}

export function ConnectionStanding({ paused, health }: StandingProps) {
  const words = useWords().connections;
  const state = paused ? "paused" : (health?.state ?? "idle");
  if (state === "in_trouble") {
    return (
      <StateMark tone="bad">
        {health?.since ? (
          <>
            {words.troubleSince} <Time at={health.since} shown="clock" />
          </>
        ) : (
          words.leftAlone
        )}
      </StateMark>
    );
  }
  return <StateMark tone={TONES[state]}>{words.states[state]}</StateMark>;
}

/** Warnings as a few words each; a word that the page does not know is told as the hub says it. */
export function useWarningWords() {
  const words = useWords().connections;
  return (warnings: Connection["warnings"]) =>
    warnings.length === 0 ? null : (
      <span className={own.warn}>
        {warnings
          .map((warning) => known(words.warningShort, warning.code) ?? warning.message)
          .join(", ")}
      </span>
    );
}
