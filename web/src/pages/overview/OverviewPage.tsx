// The overview of a project: is anything wrong, since when, and what is to be pressed.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useLiveLook } from "../../api/useLiveLook";
import { useMay } from "../../api/useMay";
import { useLiveDefinitions } from "../../definitions/live";
import { lanesQuery } from "../../definitions/queries";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { OverviewFacts } from "./Facts";
import { Headline } from "./Headline";
import { Destinations, Sources } from "./HealthTables";
import styles from "./overview.module.css";
import { OVERVIEW_KEY, openIncidentsQuery, overviewQuery } from "./queries";
import { TrafficSection } from "./TrafficSection";

const route = getRouteApi("/inside/projects/$project/");

export function OverviewPage() {
  const words = useWords();
  const { project } = route.useParams();
  useLiveLook([{ queryKey: [OVERVIEW_KEY, project] }], { counts: true });
  useLiveDefinitions(project);
  const { data: look, error, refetch } = useQuery(overviewQuery(project));
  const troubled = look !== undefined && look.incidents_open > 0;
  const paused = look?.connections.some((connection) => connection.state === "paused") ?? false;
  const incidents = useQuery({ ...openIncidentsQuery(project), enabled: troubled });
  const lanes = useQuery({ ...lanesQuery(project), enabled: paused });
  if (look === undefined) {
    return (
      <>
        <PageHead title={words.overview.title} />
        {error === null ? (
          <ListSkeleton label={words.common.loading} />
        ) : (
          <ErrorNote error={error} retry={() => void refetch()} />
        )}
      </>
    );
  }
  if (look.sources.length === 0 && look.connections.length === 0) {
    return <EmptyProject project={project} />;
  }
  // Until it is known what the sentence depends on, the page would say what it takes back.
  const settled = (!troubled || !incidents.isPending) && (!paused || !lanes.isPending);
  return (
    <>
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {settled ? (
        <Headline
          project={project}
          look={look}
          incidents={troubled ? (incidents.data ?? []) : []}
          lanes={paused ? (lanes.data ?? []) : []}
        />
      ) : (
        <PageHead title={words.overview.title} />
      )}
      <OverviewFacts project={project} look={look} />
      <TrafficSection project={project} />
      <div className={styles.tables}>
        <Sources project={project} sources={look.sources} />
        <Destinations project={project} connections={look.connections} />
      </div>
    </>
  );
}

/** Nothing is set up: one sentence and one button. */
function EmptyProject({ project }: { project: string }) {
  const words = useWords().overview;
  const may = useMay(project, "editor");
  return (
    <>
      <PageHead title={words.title} />
      <EmptyState
        action={
          may && (
            <Button
              renderRoot={(props) => <PlaceLink {...props} project={project} place="first-steps" />}
            >
              {words.firstSteps}
            </Button>
          )
        }
      >
        {words.empty}
      </EmptyState>
    </>
  );
}
