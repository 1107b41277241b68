// What was said while a run went on: all of it, or what one step said.
import { useQuery } from "@tanstack/react-query";
import { Time } from "../../design/Time";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { runLogQuery } from "./queries";
import styles from "./runs.module.css";
import type { LogLine } from "./types";

interface RunLogProps {
  project: string;
  run: string;
  /** The number of a step; without one, the log of the whole run. */
  step?: number;
}

export function RunLog({ project, run, step }: RunLogProps) {
  const words = useFlowWords().runs.step;
  const format = useFormat();
  return (
    <Loaded query={useQuery(runLogQuery(project, run))}>
      {({ lines, more }) => {
        const shown = lines.filter(({ step_number }) => step === undefined || step_number === step);
        return (
          <>
            {shown.length === 0 ? (
              <p className={styles.quiet}>{words.noLog}</p>
            ) : (
              <Lines lines={shown} />
            )}
            {more && <p className={styles.quiet}>{words.moreLog(format.number(lines.length))}</p>}
          </>
        );
      }}
    </Loaded>
  );
}

function Lines({ lines }: { lines: LogLine[] }) {
  return (
    <ol className={styles.log}>
      {lines.map(({ number, at, level, source, message }) => (
        <li key={number} data-level={level}>
          <Time at={at} shown="clock" />
          <span className={styles.level} title={source}>
            {level}
          </span>
          <span className={styles.text}>{message}</span>
        </li>
      ))}
    </ol>
  );
}
