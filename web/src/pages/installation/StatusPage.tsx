// What the hub says about itself.
import { useQuery } from "@tanstack/react-query";
import type { components } from "../../api/schema";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { ErrorNote } from "../../design/ErrorNote";
import { Identifier } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { Facts, Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import styles from "./installation.module.css";
import { statusQuery } from "./queries";

export function StatusPage() {
  const { installation, common } = useWords();
  const words = installation.status;
  const format = useFormat();
  const { data, error, refetch } = useQuery(statusQuery);
  const engine = Object.entries(words.engines).find(([name]) => name === data?.engine)?.[1];
  return (
    <>
      <PageHead title={words.title} about={words.about} />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={common.loading} />}
      {data !== undefined && (
        <div className={styles.facts}>
          <Facts
            facts={[
              [words.version, <Identifier key="version" id={data.version} whole />],
              [words.engine, engine ?? data.engine],
              [words.waiting, format.number(data.waiting)],
              [words.defaultProject, data.default_project ?? words.none],
              [words.networks, data.settings.allow_networks || words.noNetworks],
              [words.mailRelay, data.settings.mail_relay ?? words.noMail],
              [words.publicUrl, data.settings.public_url ?? words.noPublicUrl],
            ]}
          />
        </div>
      )}
      {data !== undefined && <Hubs hubs={data.hubs} />}
      {data !== undefined && data.unreadable_projects.length > 0 && (
        <Section title={words.unreadable}>
          <p>{words.unreadableAbout}</p>
          <Facts facts={data.unreadable_projects.map(({ project, reason }) => [project, reason])} />
        </Section>
      )}
    </>
  );
}

type SeenHub = components["schemas"]["SeenHub"];

/** The hubs that work on this database: those that are there, and those that were killed. */
function Hubs({ hubs }: { hubs: SeenHub[] }) {
  const words = useWords().installation.status.hubs;
  const format = useFormat();
  const columns: TableColumn<SeenHub>[] = [
    {
      key: "state",
      title: words.state,
      plain: true,
      cell: (hub) =>
        hub.is_there ? (
          <StateMark tone="well">{words.there}</StateMark>
        ) : (
          <StateMark tone="bad">{words.away}</StateMark>
        ),
    },
    { key: "seen", title: words.seen, cell: (hub) => <Time at={hub.seen_at} /> },
    { key: "started", title: words.started, cell: (hub) => <Time at={hub.started_at} /> },
    { key: "version", title: words.version, cell: (hub) => hub.version },
    { key: "lanes", title: words.lanes, end: true, cell: (hub) => format.number(hub.lanes) },
    { key: "calls", title: words.calls, end: true, cell: (hub) => format.number(hub.calls) },
  ];
  return (
    <Section title={words.title}>
      <DefinitionTable
        label={words.title}
        rows={hubs}
        nameOf={(hub) => hub.id}
        first={words.hub}
        link={(hub) => (
          <>
            {hub.host ?? hub.id}
            {hub.is_this_one && ` (${words.thisOne})`}
          </>
        )}
        columns={columns}
      />
    </Section>
  );
}
