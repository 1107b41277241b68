// What goes where in a project, as one live picture, or as a list.
import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useLiveLook } from "../../api/useLiveLook";
import { useMay } from "../../api/useMay";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { MapList } from "./MapList";
import styles from "./MapPage.module.css";
import { MAP_KEY, mapQuery } from "./queries";
import { MAP_VIEWS, type MapView } from "./routes";

const MapPicture = lazy(() => import("./MapPicture"));
const route = getRouteApi("/inside/projects/$project/map");
const NARROW = "(max-width: 720px)";

export function MapPage() {
  const words = useWords();
  const { project } = route.useParams();
  const narrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false });
  const { view = narrow ? "list" : "picture" } = route.useSearch();
  useLiveLook([{ queryKey: [MAP_KEY, project] }], { counts: true });
  const { data: map, error, refetch } = useQuery(mapQuery(project));
  return (
    <>
      <PageHead
        title={words.map.title}
        about={words.map.about}
        actions={<Additions project={project} />}
      />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {map === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {map?.nodes.length === 0 && (
        <EmptyState
          action={
            <Button
              renderRoot={(props) => <PlaceLink {...props} project={project} place="first-steps" />}
            >
              {words.overview.firstSteps}
            </Button>
          }
        >
          {words.map.empty}
        </EmptyState>
      )}
      {map !== undefined && map.nodes.length > 0 && (
        <>
          <Views view={view} />
          {view === "list" ? (
            <MapList project={project} map={map} />
          ) : (
            <Suspense fallback={<ListSkeleton label={words.common.loading} />}>
              <MapPicture key={project} project={project} map={map} />
            </Suspense>
          )}
        </>
      )}
    </>
  );
}

function Views({ view }: { view: MapView }) {
  const words = useWords().map;
  return (
    <nav className={styles.views} aria-label={words.view}>
      {MAP_VIEWS.map((each) => (
        <Link
          key={each}
          from="/projects/$project/map"
          to="."
          search={{ view: each }}
          replace
          className={styles.view}
          aria-current={each === view ? "true" : undefined}
        >
          {words.views[each]}
        </Link>
      ))}
    </nav>
  );
}

/** What can be added to the map. Connections carry credentials, and jobs use them: these ask for more. */
function Additions({ project }: { project: string }) {
  const words = useWords().map;
  const editor = useMay(project, "editor");
  const admin = useMay(project, "admin");
  const additions = [
    { to: "/projects/$project/new/source", word: words.newSource, may: editor },
    { to: "/projects/$project/new/forwarder", word: words.newForwarder, may: editor },
    { to: "/projects/$project/new/workflow", word: words.newWorkflow, may: admin },
    { to: "/projects/$project/new/connection", word: words.newConnection, may: admin },
  ] as const;
  return additions
    .filter(({ may }) => may)
    .map(({ to, word }) => (
      <Button
        key={to}
        variant="default"
        renderRoot={(props) => <Link {...props} to={to} params={{ project }} />}
      >
        {word}
      </Button>
    ));
}
