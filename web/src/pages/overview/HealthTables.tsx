// Every way in and every way out at one look. Those in trouble stand first; what is left of a long
// table is folded.
import { Button } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { ConnectionHealth, SourceHealth } from "../../api/types";
import { type Standing, standingOf } from "../../definitions/standing";
import { Count } from "../../design/Count";
import { PlaceLink } from "../../design/PlaceLink";
import { Section } from "../../design/Section";
import { StateMark, type Tone } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./overview.module.css";
import { destinationsInOrder, folded, isTroubled, sourcesInOrder } from "./trouble";

const route = getRouteApi("/inside/projects/$project/");

const SOURCE_TONES: Record<SourceHealth["state"], Tone> = {
  well: "well",
  silent: "bad",
  quiet: "ended",
  never: "quiet",
};
const DESTINATION_TONES: Record<Standing, Tone> = {
  well: "well",
  in_trouble: "bad",
  failing: "bad",
  paused_in_trouble: "bad",
  paused: "waiting",
  idle: "ended",
};

export function Sources({ project, sources }: { project: string; sources: SourceHealth[] }) {
  const words = useWords().overview.sources;
  return (
    <HealthTable
      project={project}
      which="sources"
      words={words}
      rows={sourcesInOrder(sources)}
      troubled={sources.filter((source) => source.state === "silent").length}
      columns={[
        { title: words.last, cell: (source) => <Last at={source.last_received_at} /> },
        { title: words.today, cell: (source) => <Count value={source.today} /> },
      ]}
      state={({ enabled, state }) => (
        <StateMark tone={enabled ? SOURCE_TONES[state] : "ended"}>
          {enabled ? words.states[state] : words.off}
        </StateMark>
      )}
    />
  );
}

interface DestinationsProps {
  project: string;
  connections: ConnectionHealth[];
}

export function Destinations({ project, connections }: DestinationsProps) {
  const words = useWords().overview.destinations;
  const format = useFormat();
  const rows = connections.map((health) => ({ ...health, standing: standingOf(health) }));
  return (
    <HealthTable
      project={project}
      which="destinations"
      words={words}
      rows={destinationsInOrder(rows)}
      troubled={rows.filter(({ standing }) => isTroubled(standing)).length}
      columns={[
        { title: words.last, cell: (connection) => <Last at={connection.last_delivered_at} /> },
        { title: words.today, cell: (connection) => <Count value={connection.today} /> },
        {
          title: words.waiting,
          cell: ({ waiting, waiting_is_more: more }) =>
            `${format.number(waiting)}${more ? "+" : ""}`,
        },
        {
          title: words.nextTry,
          cell: ({ next_try_at: at }) => (at === null ? null : <Time at={at} />),
        },
      ]}
      state={({ standing }) => (
        <StateMark tone={DESTINATION_TONES[standing]}>{words.states[standing]}</StateMark>
      )}
    />
  );
}

interface HealthColumn<Row> {
  title: string;
  /** Null where there is nothing to tell. */
  cell: (row: Row) => ReactNode | null;
}

interface HealthTableProps<Row> {
  project: string;
  which: "sources" | "destinations";
  words: { title: string; name: string; state: string; none: string };
  rows: Row[];
  troubled: number;
  /** What stands between the name and the state. */
  columns: HealthColumn<Row>[];
  state: (row: Row) => ReactNode;
}

const PLACES = { sources: "sources", destinations: "connections" } as const;

function HealthTable<Row extends { name: string }>(props: HealthTableProps<Row>) {
  const { project, which, words, rows, troubled, columns, state } = props;
  return (
    <Section title={words.title}>
      {rows.length === 0 && <p className={styles.quiet}>{words.none}</p>}
      <Folding which={which} rows={rows} troubled={troubled}>
        {(shown) => (
          <table className={styles.health}>
            <thead>
              <tr>
                <th>{words.name}</th>
                {columns.map(({ title }) => (
                  <th key={title} className={styles.number}>
                    {title}
                  </th>
                ))}
                <th>{words.state}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={row.name}>
                  <th scope="row">
                    <PlaceLink project={project} place={PLACES[which]} name={row.name}>
                      {row.name}
                    </PlaceLink>
                  </th>
                  {columns.map(({ title, cell }) => {
                    const told = cell(row);
                    return (
                      <td
                        key={title}
                        className={styles.number}
                        data-label={title}
                        data-nothing={told === null || undefined}
                      >
                        {told ?? "–"}
                      </td>
                    );
                  })}
                  <td>{state(row)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Folding>
    </Section>
  );
}

function Last({ at }: { at: string | null }) {
  const words = useWords().overview;
  return at === null ? <span className={styles.quiet}>{words.never}</span> : <Time at={at} />;
}

interface FoldingProps<Row> {
  which: "sources" | "destinations";
  rows: Row[];
  troubled: number;
  children: (rows: Row[]) => ReactNode;
}

/** The first rows of a long table, and the button that shows all of it. */
function Folding<Row>({ which, rows, troubled, children }: FoldingProps<Row>) {
  const words = useWords().overview;
  const format = useFormat();
  const open = route.useSearch()[which] === "all";
  const navigate = route.useNavigate();
  const shown = folded(rows.length, troubled);
  if (rows.length === 0) {
    return null;
  }
  return (
    <>
      {children(open ? rows : rows.slice(0, shown))}
      {shown < rows.length && (
        <Button
          variant="subtle"
          size="compact-sm"
          aria-expanded={open}
          onClick={() =>
            void navigate({
              search: (before) => ({ ...before, [which]: open ? undefined : "all" }),
              replace: true,
              resetScroll: false,
            })
          }
        >
          {open ? words.fold : words.showAll(format.number(rows.length))}
        </Button>
      )}
    </>
  );
}
