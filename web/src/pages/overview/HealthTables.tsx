// Every way in and every way out at one look. Those in trouble stand first; what is left of a long
// table is folded.
import { Button } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { ConnectionHealth, SourceHealth } from "../../api/types";
import { Count } from "../../design/Count";
import { PlaceLink } from "../../design/PlaceLink";
import { Section } from "../../design/Section";
import { StateMark, type Tone } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./overview.module.css";
import { destinationsInOrder, folded, sourcesInOrder } from "./trouble";

const route = getRouteApi("/inside/projects/$project/");

const SOURCE_TONES: Record<SourceHealth["state"], Tone> = {
  well: "well",
  silent: "bad",
  quiet: "ended",
  never: "quiet",
};
const DESTINATION_TONES: Record<ConnectionHealth["state"], Tone> = {
  well: "well",
  in_trouble: "bad",
  paused: "waiting",
  idle: "ended",
};

export function Sources({ project, sources }: { project: string; sources: SourceHealth[] }) {
  const words = useWords().overview.sources;
  const ordered = sourcesInOrder(sources);
  const troubled = sources.filter((source) => source.state === "silent").length;
  return (
    <Section title={words.title}>
      {sources.length === 0 && <p className={styles.quiet}>{words.none}</p>}
      <Folding which="sources" rows={ordered} troubled={troubled}>
        {(rows) => (
          <table className={styles.health}>
            <thead>
              <tr>
                <th>{words.name}</th>
                <th className={styles.number}>{words.last}</th>
                <th className={styles.number}>{words.today}</th>
                <th>{words.state}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((source) => (
                <tr key={source.name}>
                  <th scope="row">
                    <PlaceLink project={project} place="sources" name={source.name}>
                      {source.name}
                    </PlaceLink>
                  </th>
                  <td className={styles.number} data-label={words.last}>
                    <Last at={source.last_received_at} />
                  </td>
                  <td className={styles.number} data-label={words.today}>
                    <Count value={source.today} />
                  </td>
                  <td>
                    <StateMark tone={source.enabled ? SOURCE_TONES[source.state] : "ended"}>
                      {source.enabled ? words.states[source.state] : words.off}
                    </StateMark>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Folding>
    </Section>
  );
}

export function Destinations({
  project,
  connections,
}: {
  project: string;
  connections: ConnectionHealth[];
}) {
  const words = useWords().overview.destinations;
  const format = useFormat();
  const ordered = destinationsInOrder(connections);
  const troubled = connections.filter((each) => each.state === "in_trouble").length;
  return (
    <Section title={words.title}>
      {connections.length === 0 && <p className={styles.quiet}>{words.none}</p>}
      <Folding which="destinations" rows={ordered} troubled={troubled}>
        {(rows) => (
          <table className={styles.health}>
            <thead>
              <tr>
                <th>{words.name}</th>
                <th className={styles.number}>{words.last}</th>
                <th className={styles.number}>{words.today}</th>
                <th className={styles.number}>{words.waiting}</th>
                <th className={styles.number}>{words.nextTry}</th>
                <th>{words.state}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((connection) => (
                <tr key={connection.name}>
                  <th scope="row">
                    <PlaceLink project={project} place="connections" name={connection.name}>
                      {connection.name}
                    </PlaceLink>
                  </th>
                  <td className={styles.number} data-label={words.last}>
                    <Last at={connection.last_delivered_at} />
                  </td>
                  <td className={styles.number} data-label={words.today}>
                    <Count value={connection.today} />
                  </td>
                  <td className={styles.number} data-label={words.waiting}>
                    {format.number(connection.waiting)}
                    {connection.waiting_is_more && "+"}
                  </td>
                  <td
                    className={styles.number}
                    data-label={words.nextTry}
                    data-nothing={connection.next_try_at === null || undefined}
                  >
                    {connection.next_try_at === null ? "–" : <Time at={connection.next_try_at} />}
                  </td>
                  <td>
                    <StateMark tone={DESTINATION_TONES[connection.state]}>
                      {words.states[connection.state]}
                    </StateMark>
                  </td>
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
