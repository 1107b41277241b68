// The history of runs, newest first, live: by workflow, by how they stand, by what went wrong; and
// what can be done with one of them, or with many.
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, useMemo } from "react";
import { useMay } from "../../api/useMay";
import { EmptyState } from "../../design/EmptyState";
import { shortened } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { useListAddress } from "../../lists/address";
import { NothingFits } from "../../lists/FilteredList";
import { List } from "../../lists/List";
import { ListBar } from "../../lists/ListBar";
import { ManySelected, selectedOf, useAskedDeed } from "../../lists/ManySelected";
import { type Selection, useSelection } from "../../lists/selection";
import { columnsOf, RunCard } from "./columns";
import {
  fetchRuns,
  fetchSomeRuns,
  RUN_DEEDS,
  type RunDeed,
  type RunFilters,
  runsKey,
} from "./queries";
import { RunFilterForm, useRunFilterWords } from "./RunFilters";
import type { RunsSearch } from "./routes";
import type { Run } from "./types";

/** It comes when something is to be done with many. */
const BulkDialog = lazy(() =>
  import("./BulkDialog").then(({ BulkDialog }) => ({ default: BulkDialog })),
);

const route = getRouteApi("/inside/projects/$project/runs");

const idOf = (run: Run) => run.id;

export function RunsPage() {
  const words = useFlowWords();
  const format = useFormat();
  const { project } = route.useParams();
  const may = useMay(project, "editor");
  const navigate = route.useNavigate();
  const address = useListAddress<RunsSearch>(route.useSearch(), (to) => void navigate(to));
  const { filters, chosenColumns, change, clear } = address;
  const filterWords = useRunFilterWords(filters, change);
  const columns = useMemo(() => columnsOf(words, format), [words, format]);
  const source = useMemo(
    () => ({
      queryKey: runsKey(project, filters),
      fetchPage: fetchRuns(project, filters),
      fetchRows: fetchSomeRuns(project, filters),
      idOf,
      live: "run" as const,
    }),
    [project, filters],
  );
  const selection = useSelection(`${project} ${JSON.stringify(filters)}`);
  return (
    <>
      <PageHead title={words.runs.title} />
      <ListBar
        filters={filterWords}
        clear={clear}
        form={<RunFilterForm project={project} filters={filters} change={change} />}
        columns={columns}
        chosenColumns={chosenColumns}
        chooseColumns={(chosen) => change({ columns: chosen })}
      />
      {may && <Selected project={project} filters={filters} selection={selection} />}
      <List
        label={words.runs.title}
        source={source}
        columns={columns}
        chosenColumns={chosenColumns}
        nameOf={({ id }) => shortened(id)}
        link={({ id }, content, className) => (
          <Link
            to="/projects/$project/runs/$run"
            params={{ project, run: id }}
            className={className}
          >
            {content}
          </Link>
        )}
        card={(run) => <RunCard run={run} />}
        selection={may ? selection : undefined}
        empty={
          filterWords.length > 0 ? (
            <NothingFits clear={clear}>{words.runs.emptyFiltered}</NothingFits>
          ) : (
            <EmptyState>{words.runs.empty}</EmptyState>
          )
        }
      />
    </>
  );
}

interface SelectedProps {
  project: string;
  filters: RunFilters;
  selection: Selection;
}

/** What can be done with the rows that are selected, or with all that match. */
function Selected({ project, filters, selection }: SelectedProps) {
  const words = useFlowWords().runs;
  const { deed, ask } = useAskedDeed<RunDeed>(selection);
  return (
    <ManySelected
      selection={selection}
      count={null}
      deeds={RUN_DEEDS}
      words={words.deeds}
      ask={ask}
    >
      {deed !== null && (
        <BulkDialog
          project={project}
          deed={deed}
          filters={selectedOf(selection, filters)}
          close={() => ask(null)}
        />
      )}
    </ManySelected>
  );
}
