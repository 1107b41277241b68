// How a workflow stands, in a few words, and its last runs as a row of shapes.
import { Link } from "@tanstack/react-router";
import { Shape, StateMark, type Tone } from "../../design/StateMark";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { RUN_TONES } from "../runs/tones";
import { isFinal } from "../runs/types";
import type { Workflow } from "./queries";
import styles from "./workflows.module.css";

export type WorkflowStanding = "well" | "failing" | "paused" | "never";

const TONES: Record<WorkflowStanding, Tone> = {
  well: "well",
  failing: "bad",
  paused: "waiting",
  never: "quiet",
};

/** What is asked is the last run that has ended. */
export function standingOf(paused: boolean, runs: Workflow["last_runs"]): WorkflowStanding {
  if (paused) {
    return "paused";
  }
  const ended = runs.find(({ state }) => isFinal(state));
  if (ended === undefined) {
    return runs.length > 0 ? "well" : "never";
  }
  return RUN_TONES[ended.state] === "bad" ? "failing" : "well";
}

interface WorkflowStateProps {
  paused: boolean;
  /** Its newest runs. */
  runs: Workflow["last_runs"];
}

export function WorkflowState({ paused, runs }: WorkflowStateProps) {
  const words = useFlowWords().workflows.standings;
  const standing = standingOf(paused, runs);
  return <StateMark tone={TONES[standing]}>{words[standing]}</StateMark>;
}

/** The newest stands last, as on a line of time. */
export function LastRuns({ project, runs }: { project: string; runs: Workflow["last_runs"] }) {
  const words = useFlowWords();
  const format = useFormat();
  if (runs.length === 0) {
    return <span className={styles.quiet}>—</span>;
  }
  return (
    <span className={styles.dots}>
      {runs.toReversed().map(({ id, state, registered_at }) => {
        const told = `${words.runs.states[state]}, ${format.exact(new Date(registered_at))}`;
        return (
          <Link
            key={id}
            to="/projects/$project/runs/$run"
            params={{ project, run: id }}
            className={styles.dot}
            title={told}
            aria-label={told}
          >
            <Shape tone={RUN_TONES[state]} />
          </Link>
        );
      })}
    </span>
  );
}
