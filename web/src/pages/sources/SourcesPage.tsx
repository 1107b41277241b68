// The ways in, and what last came by each of them.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../api/useMay";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { useLiveDefinitions } from "../../definitions/live";
import {
  healthQuery,
  type Source,
  type SourceHealth,
  sourcesQuery,
} from "../../definitions/queries";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { Time } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { SourceStanding } from "./standing";

const route = getRouteApi("/inside/projects/$project/sources");

interface Row {
  source: Source;
  health: SourceHealth | undefined;
}

export function SourcesPage() {
  const words = useWords();
  const { project } = route.useParams();
  const may = useMay(project, "editor");
  const { data, error, refetch } = useQuery(sourcesQuery(project));
  const health = useQuery(healthQuery(project)).data;
  useLiveDefinitions(project);
  const rows = data?.map((source) => ({
    source,
    health: health?.sources.find((each) => each.name === source.name),
  }));
  const guided = may && (
    <Button
      variant={rows?.length === 0 ? "filled" : "default"}
      renderRoot={(props) => (
        <Link {...props} to="/projects/$project/first-steps" params={{ project }} />
      )}
    >
      {words.sources.guided}
    </Button>
  );
  return (
    <>
      <PageHead
        title={words.sources.title}
        about={words.sources.about}
        actions={
          may && (
            <>
              {rows !== undefined && rows.length > 0 && guided}
              <Button
                variant={rows?.length === 0 ? "default" : "filled"}
                renderRoot={(props) => (
                  <Link {...props} to="/projects/$project/new/source" params={{ project }} />
                )}
              >
                {words.sources.make}
              </Button>
            </>
          )
        }
      />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {rows === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {rows?.length === 0 && <EmptyState action={guided}>{words.sources.empty}</EmptyState>}
      {rows !== undefined && rows.length > 0 && <Table project={project} rows={rows} />}
    </>
  );
}

function Table({ project, rows }: { project: string; rows: Row[] }) {
  const words = useWords().sources;
  const format = useFormat();
  const columns: TableColumn<Row>[] = [
    {
      key: "dialect",
      title: words.columns.dialect,
      cell: ({ source }) => words.dialects[source.dialect] ?? source.dialect,
    },
    {
      key: "state",
      title: words.columns.state,
      plain: true,
      cell: ({ source, health }) => <SourceStanding enabled={source.enabled} health={health} />,
    },
    {
      key: "last",
      title: words.columns.last,
      cell: ({ health }) =>
        health?.last_received_at ? <Time at={health.last_received_at} /> : words.never,
    },
    {
      key: "today",
      title: words.columns.today,
      end: true,
      cell: ({ health }) => format.number(health?.today ?? 0),
    },
  ];
  return (
    <DefinitionTable
      label={words.title}
      rows={rows}
      first={words.columns.name}
      nameOf={({ source }) => source.name}
      columns={columns}
      link={({ source }) => (
        <Link to="/projects/$project/sources/$source" params={{ project, source: source.name }}>
          {source.name}
        </Link>
      )}
    />
  );
}
