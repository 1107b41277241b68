// The systems that a project sends to, and how each of them is doing, in words.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../api/useMay";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { useLiveDefinitions } from "../../definitions/live";
import {
  type Connection,
  type ConnectionHealth,
  connectionsQuery,
  healthQuery,
} from "../../definitions/queries";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { Time } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { ConnectionStanding, useWarningWords } from "./standing";

const route = getRouteApi("/inside/projects/$project/connections");

interface Row {
  connection: Connection;
  health: ConnectionHealth | undefined;
}

export function ConnectionsPage() {
  const words = useWords();
  const { project } = route.useParams();
  const may = useMay(project, "admin");
  const { data, error, refetch } = useQuery(connectionsQuery(project));
  const health = useQuery(healthQuery(project)).data;
  useLiveDefinitions(project);
  const make = may && (
    <Button
      renderRoot={(props) => (
        <Link {...props} to="/projects/$project/new/connection" params={{ project }} />
      )}
    >
      {words.connections.make}
    </Button>
  );
  const rows = data?.map((connection) => ({
    connection,
    health: health?.connections.find((each) => each.name === connection.name),
  }));
  return (
    <>
      <PageHead
        title={words.connections.title}
        about={words.connections.about}
        actions={rows !== undefined && rows.length > 0 && make}
      />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {rows === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {rows?.length === 0 && <EmptyState action={make}>{words.connections.empty}</EmptyState>}
      {rows !== undefined && rows.length > 0 && <Table project={project} rows={rows} />}
    </>
  );
}

function Table({ project, rows }: { project: string; rows: Row[] }) {
  const words = useWords().connections;
  const format = useFormat();
  const warningWords = useWarningWords();
  const columns: TableColumn<Row>[] = [
    {
      key: "state",
      title: words.columns.state,
      plain: true,
      cell: ({ connection, health }) => (
        <ConnectionStanding connection={connection} health={health} />
      ),
    },
    {
      key: "delivered",
      title: words.columns.delivered,
      cell: ({ health }) =>
        health?.last_delivered_at ? <Time at={health.last_delivered_at} /> : words.never,
    },
    {
      key: "today",
      title: words.columns.today,
      end: true,
      cell: ({ health }) => format.number(health?.today ?? 0),
    },
    {
      key: "waiting",
      title: words.columns.waiting,
      end: true,
      cell: ({ health }) => {
        const count = format.number(health?.waiting ?? 0);
        return health?.waiting_is_more ? words.waitingMore(count) : count;
      },
    },
    {
      key: "warnings",
      title: words.columns.warnings,
      plain: true,
      cell: ({ connection }) => warningWords(connection.warnings),
    },
  ];
  return (
    <DefinitionTable
      label={words.title}
      rows={rows}
      first={words.columns.name}
      nameOf={({ connection }) => connection.name}
      columns={columns}
      link={({ connection }) => (
        <Link
          to="/projects/$project/connections/$connection"
          params={{ project, connection: connection.name }}
        >
          {connection.name}
        </Link>
      )}
    />
  );
}
