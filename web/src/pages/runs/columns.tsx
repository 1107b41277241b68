// The columns of the list of runs, and its rows on a phone.
import { Identifier, shortened } from "../../design/Identifier";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { type FlowWords, useFlowWords } from "../../i18n/flows";
import type { Formats } from "../../i18n/formats";
import type { Column } from "../../lists/columns";
import { RowCard } from "../../lists/RowCard";
import { RunKey } from "./RunKey";
import { RunErrorText } from "./RunTable";
import styles from "./runs.module.css";
import { RUN_TONES } from "./tones";
import type { Run } from "./types";

const nothing = <span className={styles.quiet}>—</span>;

export function columnsOf(words: FlowWords, format: Formats): Column<Run>[] {
  const { columns: titles, states, origins } = words.runs;
  return [
    {
      key: "registered",
      title: titles.registered,
      width: "88px",
      cell: ({ registered_at }) => <Time at={registered_at} />,
    },
    {
      key: "state",
      title: titles.state,
      width: "112px",
      cell: ({ state }) => <StateMark tone={RUN_TONES[state]}>{states[state]}</StateMark>,
    },
    {
      key: "workflow",
      title: titles.workflow,
      width: "minmax(96px, 1fr)",
      cell: ({ workflow }) => workflow,
    },
    {
      key: "origin",
      title: titles.origin,
      width: "minmax(120px, 1fr)",
      cell: ({ origin }) => origins[origin],
    },
    {
      key: "key",
      title: titles.key,
      width: "minmax(72px, 1fr)",
      cell: (run) => (run.key === null ? nothing : <RunKey run={run} />),
    },
    {
      key: "took",
      title: titles.took,
      width: "72px",
      end: true,
      cell: ({ duration_ms }) => (duration_ms === null ? nothing : format.duration(duration_ms)),
    },
    {
      key: "error",
      title: titles.error,
      width: "minmax(120px, 2fr)",
      cell: ({ error }) => (error === null ? nothing : <RunErrorText error={error} />),
    },
    {
      key: "version",
      title: titles.version,
      width: "72px",
      end: true,
      hidden: true,
      cell: ({ version }) => format.number(version),
    },
    {
      key: "message",
      title: titles.message,
      width: "144px",
      hidden: true,
      cell: ({ message }) => (message === null ? nothing : <code>{shortened(message)}</code>),
    },
    {
      key: "id",
      title: titles.id,
      width: "144px",
      hidden: true,
      cell: ({ id }) => <Identifier id={id} />,
    },
  ];
}

export function RunCard({ run }: { run: Run }) {
  const words = useFlowWords().runs;
  const { workflow, registered_at, state, key, error, origin } = run;
  const about = key === null ? words.origins[origin] : <RunKey run={run} />;
  return (
    <RowCard
      title={workflow}
      beside={<Time at={registered_at} />}
      text={error === null ? about : <RunErrorText error={error} />}
      mark={<StateMark tone={RUN_TONES[state]}>{words.states[state]}</StateMark>}
    />
  );
}
