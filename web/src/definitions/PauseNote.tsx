// Why something is paused: since when, who paused it, and what they said about it.
import type { Pause } from "../api/types";
import { Shape } from "../design/StateMark";
import { Time } from "../design/Time";
import { known } from "../i18n/known";
import { useWords } from "../i18n/words";
import styles from "./PauseNote.module.css";

interface PauseNoteProps {
  /** Null where nothing is known of it: then nothing is said. */
  pause: Pause | null | undefined;
  /** Whether it is the project's: everything in it stands still. */
  ofProject?: boolean;
}

export function PauseNote({ pause, ofProject = false }: PauseNoteProps) {
  const words = useWords().definitions.pauseNote;
  if (pause === null || pause === undefined) {
    return null;
  }
  const { by, since, reason } = pause;
  return (
    <div className={styles.note}>
      <Shape tone="waiting" size={14} />
      <p>
        {ofProject ? words.project(by) : words.by(by)} <Time at={since} shown="clock" />.{" "}
        {reason === null ? (
          <span className={styles.quiet}>{words.noReason}</span>
        ) : (
          (known(words.ofHub, reason) ?? words.said(reason))
        )}
      </p>
    </div>
  );
}
