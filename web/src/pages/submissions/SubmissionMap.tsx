// Where submissions were filled in: a map with an outline of its own, and the list of what is in sight
// beside it, which says the same to those who do not see the picture.
import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { tellsOf } from "../../api/events";
import { useLiveLook } from "../../api/useLiveLook";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { Time } from "../../design/Time";
import filed from "../../filed/filed.module.css";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { Loaded } from "../../lists/Loaded";
import { MapCanvas } from "./map/MapCanvas";
import styles from "./map/map.module.css";
import { anyQuery, type PlacedSubmission, positionsPage } from "./map/positions";
import type { SubmissionFilters } from "./queries";

/** So many pages are asked for unasked; the reader says whether to go on. */
const PAGES_AT_ONCE = 4;
/** Places that the list beside the map has. */
const MOST_LISTED = 50;
const LOOK_MILLISECONDS = 10_000;

interface SubmissionMapProps {
  project: string;
  filters: SubmissionFilters;
  /** What stands where nothing fits the filters. */
  empty: ReactNode;
}

export default function SubmissionMap({ project, filters, empty }: SubmissionMapProps) {
  const words = useWords();
  const told = words.submissions.map;
  const navigate = useNavigate();
  const { query, goOn } = usePositions(project, filters);
  const pages = query.data?.pages;
  const places = useMemo(() => pages?.flatMap(({ items }) => items) ?? [], [pages]);
  const [inSight, setInSight] = useState<PlacedSubmission[]>([]);
  const open = useCallback(
    (submission: string) =>
      void navigate({
        to: "/projects/$project/submissions/$submission",
        params: { project, submission },
      }),
    [navigate, project],
  );
  if (pages === undefined) {
    return query.error === null ? (
      <ListSkeleton label={words.common.loading} />
    ) : (
      <ErrorNote error={query.error} retry={() => void query.refetch()} />
    );
  }
  const isWhole = !query.hasNextPage;
  if (places.length === 0 && isWhole) {
    return <NoPlaces project={project} filters={filters} empty={empty} />;
  }
  return (
    <>
      <div className={styles.told} role="status">
        <span>
          {told.count(places.length)}
          {!isWhole && ` ${told.more}`}
        </span>
        {goOn !== null && (
          <Button size="compact-sm" variant="default" onClick={goOn}>
            {told.goOn}
          </Button>
        )}
        {query.isFetchingNextPage && <span>{words.common.loading}</span>}
        {query.isFetchNextPageError && <ErrorNote error={query.error} />}
      </div>
      <div className={styles.beside}>
        <MapCanvas
          // Other filters are another map, fitted anew.
          key={JSON.stringify([project, filters])}
          places={places}
          open={open}
          seen={setInSight}
        />
        <section className={styles.list} aria-label={told.inSight(inSight.length)}>
          <h2>{told.inSight(inSight.length)}</h2>
          <ul>
            {inSight.slice(0, MOST_LISTED).map((place) => (
              <li key={place.id}>
                <Link
                  to="/projects/$project/submissions/$submission"
                  params={{ project, submission: place.id }}
                >
                  {words.submissions.named(place.form, String(place.number))}
                </Link>
                <span className={filed.quiet}>
                  {place.user !== null && `${place.user} · `}
                  <Time at={place.receivedAt} />
                </span>
              </li>
            ))}
          </ul>
          {inSight.length > MOST_LISTED && <p className={filed.quiet}>{told.nearer}</p>}
        </section>
      </div>
    </>
  );
}

/** Nothing fits the filters, or what fits says nowhere where it was filled in. */
function NoPlaces({ project, filters, empty }: SubmissionMapProps) {
  const words = useWords().submissions.map;
  return (
    <Loaded query={useQuery(anyQuery(project, filters))}>
      {(isAny) => (isAny ? <EmptyState>{words.noPlaces}</EmptyState> : empty)}
    </Loaded>
  );
}

/** The places, as far as they have been asked for; `goOn` asks for more, where there are more. */
function usePositions(project: string, filters: SubmissionFilters) {
  const [wanted, setWanted] = useState(PAGES_AT_ONCE);
  const queryKey = ["submission-positions", project, filters];
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => positionsPage(project, filters, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  useLiveLook([{ queryKey }], {
    concerns: tellsOf("submission"),
    pauseMilliseconds: LOOK_MILLISECONDS,
  });
  const count = query.data?.pages.length ?? 0;
  const { hasNextPage, isFetching, fetchNextPage, isError } = query;
  const asksOn = hasNextPage && !isFetching && !isError && count < wanted;
  useEffect(() => {
    if (asksOn) {
      void fetchNextPage();
    }
  }, [asksOn, fetchNextPage]);
  const goOn = hasNextPage && count >= wanted ? () => setWanted(count + PAGES_AT_ONCE) : null;
  return { query, goOn };
}
