// Incidents: those that last first, then those that are over.
import { Select, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Incident } from "../../api/types";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { Identifier, shortened } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { Section } from "../../design/Section";
import { Time } from "../../design/Time";
import type { Formats } from "../../i18n/formats";
import { useFormat, useWords, type Words } from "../../i18n/words";
import { useListAddress } from "../../lists/address";
import type { Column } from "../../lists/columns";
import { filterWords } from "../../lists/filterWords";
import { List } from "../../lists/List";
import { ListBar } from "../../lists/ListBar";
import { RowCard } from "../../lists/RowCard";
import { openIncidentsQuery } from "../overview/queries";
import styles from "./incidents.module.css";
import { OpenIncidents } from "./OpenIncidents";
import { fetchPast, type IncidentFilters } from "./queries";
import { INCIDENT_KINDS, type IncidentsSearch } from "./routes";
import { lastedMilliseconds } from "./tell";

const route = getRouteApi("/inside/projects/$project/incidents");

const idOf = (incident: Incident) => incident.id;

type Change = (changed: Partial<IncidentsSearch>) => void;

export function IncidentsPage() {
  const words = useWords();
  const format = useFormat();
  const { project } = route.useParams();
  const navigate = route.useNavigate();
  const address = useListAddress(route.useSearch(), (to) => void navigate(to));
  const { filters, chosenColumns, change, clear } = address;
  const { kind, subject } = filters;
  const texts = {
    kind: kind && words.incidents.kinds[kind],
    subject: subject && words.incidents.filters.about(subject),
  };
  const inForce = filterWords(texts, change);
  const columns = useMemo(() => columnsOf(words, format), [words, format]);
  const source = useMemo(
    () => ({
      queryKey: ["incidents", project, "past", filters],
      fetchPage: fetchPast(project, filters),
      idOf,
      live: "incident" as const,
    }),
    [project, filters],
  );
  const open = useQuery(openIncidentsQuery(project));
  const shown = open.data?.filter(
    ({ kind, subject }) =>
      (filters.kind ?? kind) === kind && (filters.subject ?? subject) === subject,
  );
  return (
    <>
      <PageHead title={words.incidents.title} about={words.incidents.about} />
      <ListBar
        filters={inForce}
        clear={clear}
        form={<IncidentFilterForm filters={filters} change={change} />}
        columns={columns}
        chosenColumns={chosenColumns}
        chooseColumns={(chosen) => change({ columns: chosen })}
      />
      <Section title={words.incidents.open}>
        {open.error !== null && <ErrorNote error={open.error} retry={() => void open.refetch()} />}
        {shown !== undefined && <OpenIncidents project={project} incidents={shown} />}
      </Section>
      <h2 className={styles.past}>{words.incidents.past}</h2>
      <List
        label={words.incidents.past}
        source={source}
        columns={columns}
        chosenColumns={chosenColumns}
        nameOf={({ id }) => shortened(id)}
        link={({ id }, content, className) => (
          <Link
            to="/projects/$project/incidents/$incident"
            params={{ project, incident: id }}
            className={className}
          >
            {content}
          </Link>
        )}
        card={(incident) => <PastCard incident={incident} />}
        empty={<NoPast filtered={inForce.length > 0} open={shown?.length ?? 0} />}
      />
    </>
  );
}

function IncidentFilterForm({ filters, change }: { filters: IncidentFilters; change: Change }) {
  const words = useWords().incidents;
  const [typed, setTyped] = useState(filters.subject ?? "");
  const done = () => {
    const subject = typed.trim() || undefined;
    if (subject !== filters.subject) {
      change({ subject });
    }
  };
  return (
    <Stack gap="sm">
      <Select
        label={words.filters.kind}
        placeholder={words.filters.any}
        data={INCIDENT_KINDS.map((kind) => ({ value: kind, label: words.kinds[kind] }))}
        value={filters.kind ?? null}
        clearable
        openOnFocus={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(kind) => change({ kind: INCIDENT_KINDS.find((each) => each === kind) })}
      />
      <TextInput
        label={words.filters.subject}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={done}
        onKeyDown={(event) => event.key === "Enter" && done()}
      />
    </Stack>
  );
}

function NoPast({ filtered, open }: { filtered: boolean; open: number }) {
  const words = useWords().incidents;
  // Where trouble lasts, or only some of it is asked for, this is no lesson.
  if (filtered || open > 0) {
    return <p className={styles.quiet}>{filtered ? words.emptyFiltered : words.nonePast}</p>;
  }
  return <EmptyState>{words.empty}</EmptyState>;
}

function columnsOf(words: Words, format: Formats): Column<Incident>[] {
  const titles = words.incidents.columns;
  const lasted = (incident: Incident) => format.duration(lastedMilliseconds(incident, new Date()));
  return [
    {
      key: "since",
      title: titles.since,
      width: "128px",
      cell: ({ opened_at }) => <Time at={opened_at} shown="clock" />,
    },
    {
      key: "subject",
      title: titles.subject,
      width: "minmax(120px, 1fr)",
      cell: ({ subject }) => subject,
    },
    {
      key: "kind",
      title: titles.kind,
      width: "112px",
      cell: ({ kind }) => words.incidents.kinds[kind],
    },
    { key: "lasted", title: titles.lasted, width: "88px", end: true, cell: lasted },
    {
      key: "failures",
      title: titles.failures,
      width: "96px",
      end: true,
      cell: ({ failures }) => format.number(failures),
    },
    {
      key: "given",
      title: titles.givenUp,
      width: "80px",
      end: true,
      cell: ({ given_up }) => format.number(given_up),
    },
    {
      key: "last",
      title: titles.last,
      width: "minmax(160px, 2fr)",
      cell: ({ last }) => last?.error ?? <span className={styles.quiet}>—</span>,
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

function PastCard({ incident }: { incident: Incident }) {
  const words = useWords().incidents;
  const format = useFormat();
  return (
    <RowCard
      title={incident.subject}
      beside={<Time at={incident.opened_at} />}
      text={words.kinds[incident.kind]}
      mark={format.duration(lastedMilliseconds(incident, new Date()))}
    />
  );
}
