// The executions of a run's steps, in the order in which they began.
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import table from "../../design/table.module.css";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import styles from "./runs.module.css";
import { STEP_TONES } from "./tones";
import type { RunStep } from "./types";

interface StepTableProps {
  steps: RunStep[];
  /** The number of the one that is open. */
  open: number | undefined;
  look: (number: number | undefined) => void;
}

export function StepTable({ steps, open, look }: StepTableProps) {
  const words = useFlowWords().runs.steps;
  const states = useFlowWords().runs.stepStates;
  const format = useFormat();
  const size = (bytes: number | null) => (bytes === null ? "—" : format.bytes(bytes));
  if (steps.length === 0) {
    return <p className={styles.quiet}>{words.none}</p>;
  }
  const titleOf = (number: number | null) => {
    const found = steps.find((step) => step.number === number);
    return found === undefined ? null : found.name || found.step;
  };
  return (
    <div className={table.wide}>
      <table className={`${table.table} ${styles.steps}`}>
        <thead>
          <tr>
            <th>{words.step}</th>
            <th>{words.state}</th>
            <th>{words.began}</th>
            <th className={table.number}>{words.took}</th>
            <th className={table.number}>{words.sizes}</th>
            <th className={table.number}>{words.log}</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => {
            const title = step.name || step.step;
            const after = titleOf(step.after);
            const notes = [
              step.name_in_state === step.step ? null : step.name_in_state,
              step.attempt > 1 ? words.attempt(format.number(step.attempt)) : null,
              after === null ? null : words.after(after),
            ].filter((note) => note !== null);
            return (
              <tr key={step.number} data-open={step.number === open || undefined}>
                <td>
                  <button
                    type="button"
                    className={styles.look}
                    aria-pressed={step.number === open}
                    aria-label={words.look(title, format.number(step.number))}
                    onClick={() => look(step.number === open ? undefined : step.number)}
                  >
                    {title}
                  </button>{" "}
                  <span className={styles.quiet}>{notes.join(" · ")}</span>
                </td>
                <td>
                  <StateMark tone={STEP_TONES[step.state]}>{states[step.state]}</StateMark>
                </td>
                <td>
                  <Time at={step.started_at} shown="clock" />
                </td>
                <td className={table.number}>
                  {step.duration_ms === null ? "—" : format.duration(step.duration_ms)}
                </td>
                <td className={table.number}>
                  {size(step.input_bytes)}, {size(step.output_bytes)}
                </td>
                <td className={table.number}>{words.lines(step.log_lines)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
