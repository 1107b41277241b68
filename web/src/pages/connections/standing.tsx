// How a connection is doing, in a few words.

import type { Connection, ConnectionHealth } from "../../definitions/queries";
import { type Standing, standingOf } from "../../definitions/standing";
import { StateMark, type Tone } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { known } from "../../i18n/known";
import { useWords } from "../../i18n/words";
import own from "./connections.module.css";

const TONES: Record<Standing, Tone> = {
  well: "well",
  in_trouble: "bad",
  failing: "bad",
  paused: "waiting",
  paused_in_trouble: "bad",
  idle: "quiet",
};

interface StandingProps {
  connection: Pick<Connection, "paused">;
  health: ConnectionHealth | undefined;
}

/** A pause is known of the connection itself before its health tells of it. */
export function standingOfConnection({ connection, health }: StandingProps): Standing {
  if (health === undefined) {
    return connection.paused ? "paused" : "idle";
  }
  return standingOf(connection.paused ? { ...health, state: "paused" } : health);
}

export function ConnectionStanding(props: StandingProps) {
  const words = useWords().connections;
  const { health } = props;
  const standing = standingOfConnection(props);
  if (standing === "in_trouble") {
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
  return <StateMark tone={TONES[standing]}>{words.states[standing]}</StateMark>;
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
