// The standing orders of a project: what goes from where to where, and what of it has not arrived.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../api/useMay";
import { PauseButton } from "../../definitions/DefinitionActions";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { useLiveDefinitions } from "../../definitions/live";
import { type Forwarder, forwardersQuery } from "../../definitions/queries";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { known } from "../../i18n/known";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { StateCounts } from "./StateCounts";
import { ForwarderState } from "./standing";

const route = getRouteApi("/inside/projects/$project/forwarders");

export function ForwardersPage() {
  const words = useWords();
  const { project } = route.useParams();
  const may = useMay(project, "editor");
  const { data, error, refetch } = useQuery(forwardersQuery(project));
  useLiveDefinitions(project);
  const make = may && (
    <Button
      renderRoot={(props) => (
        <Link {...props} to="/projects/$project/new/forwarder" params={{ project }} />
      )}
    >
      {words.forwarders.make}
    </Button>
  );
  return (
    <>
      <PageHead
        title={words.forwarders.title}
        about={words.forwarders.about}
        actions={data !== undefined && data.length > 0 && make}
      />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {data?.length === 0 && <EmptyState action={make}>{words.forwarders.empty}</EmptyState>}
      {data !== undefined && data.length > 0 && <Table project={project} rows={data} may={may} />}
    </>
  );
}

interface TableProps {
  project: string;
  rows: Forwarder[];
  may: boolean;
}

function Table({ project, rows, may }: TableProps) {
  const all = useWords();
  const words = all.forwarders;
  const columns: TableColumn<Forwarder>[] = [
    {
      key: "on",
      title: words.columns.on,
      cell: ({ on }) => known(all.forwarding.eventsShort, on) ?? on,
    },
    {
      key: "from",
      title: words.columns.from,
      cell: ({ from }) =>
        from === null ? (
          words.allSources
        ) : (
          <PlaceLink project={project} place="sources" name={from}>
            {from}
          </PlaceLink>
        ),
    },
    {
      key: "to",
      title: words.columns.to,
      cell: ({ to }) => (
        <PlaceLink project={project} place="connections" name={to}>
          {to}
        </PlaceLink>
      ),
    },
    {
      key: "state",
      title: words.columns.state,
      plain: true,
      cell: (forwarder) => <ForwarderState forwarder={forwarder} />,
    },
    {
      key: "deliveries",
      title: words.columns.deliveries,
      plain: true,
      cell: (forwarder) => <StateCounts project={project} forwarder={forwarder} />,
    },
  ];
  if (may) {
    columns.push({
      key: "actions",
      title: words.columns.actions,
      plain: true,
      cell: ({ name, paused }) => (
        <PauseButton project={project} noun="forwarders" name={name} paused={paused} small />
      ),
    });
  }
  return (
    <DefinitionTable
      label={words.title}
      rows={rows}
      first={words.columns.name}
      nameOf={(forwarder) => forwarder.name}
      columns={columns}
      link={({ name }) => (
        <Link to="/projects/$project/forwarders/$forwarder" params={{ project, forwarder: name }}>
          {name}
        </Link>
      )}
    />
  );
}
