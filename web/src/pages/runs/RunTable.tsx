// Some runs as a plain table: those of one workflow, or of one message.
import { Link } from "@tanstack/react-router";
import { shortened } from "../../design/Identifier";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import table from "../../design/table.module.css";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { RUN_TONES } from "./tones";
import type { Run } from "./types";

interface RunTableProps {
  project: string;
  runs: Run[];
  /** Whether they are of several workflows. */
  mixed?: boolean;
}

export function RunTable({ project, runs, mixed = false }: RunTableProps) {
  const words = useFlowWords().runs;
  const format = useFormat();
  return (
    <div className={table.wide}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>{mixed ? words.columns.workflow : words.columns.id}</th>
            <th>{words.columns.state}</th>
            <th>{words.columns.registered}</th>
            <th className={table.number}>{words.columns.took}</th>
            <th>{words.columns.origin}</th>
            <th>{words.columns.error}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td>
                <Link to="/projects/$project/runs/$run" params={{ project, run: run.id }}>
                  {mixed ? run.workflow : <code>{shortened(run.id)}</code>}
                </Link>
              </td>
              <td>
                <StateMark tone={RUN_TONES[run.state]}>{words.states[run.state]}</StateMark>
              </td>
              <td>
                <Time at={run.registered_at} />
              </td>
              <td className={table.number}>
                {run.duration_ms === null ? "—" : format.duration(run.duration_ms)}
              </td>
              <td>{words.origins[run.origin]}</td>
              <td>{run.error === null ? "—" : <RunErrorText error={run.error} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The step and the name of an error, with the whole of it on hover. */
export function RunErrorText({ error }: { error: NonNullable<Run["error"]> }) {
  const { type, message, step } = error;
  return (
    <span title={message ?? undefined}>
      {step !== null && `${step}: `}
      {type ?? message}
    </span>
  );
}
