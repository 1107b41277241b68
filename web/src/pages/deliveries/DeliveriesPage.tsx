// Everything that goes out, newest first, live: by state, by where it goes, by what went wrong; and
// what can be done with one of them, or with many.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Deed, Delivery } from "../../api/types";
import { useMay } from "../../api/useMay";
import { EmptyState } from "../../design/EmptyState";
import { shortened } from "../../design/Identifier";
import { useKeys } from "../../design/keys";
import { PageHead } from "../../design/PageHead";
import { useFormat, useWords } from "../../i18n/words";
import { onlyLooks } from "../../lists/columns";
import { NothingFits } from "../../lists/FilteredList";
import { List } from "../../lists/List";
import { ListBar } from "../../lists/ListBar";
import {
  isSelecting,
  ManySelected,
  selectedOf,
  tooManyNamed,
  useAskedDeed,
} from "../../lists/ManySelected";
import { SearchField } from "../../lists/SearchField";
import { type Selection, useSelection } from "../../lists/selection";
import { columnsOf, DeliveryCard } from "./columns";
import { DEEDS, onceMore } from "./deeds";
import { useDeliveryFilterWords } from "./filterTexts";
import {
  countsQuery,
  type DeliveryFilters,
  deliveriesKey,
  fetchDeliveries,
  fetchSomeDeliveries,
} from "./queries";
import {
  changedSearch,
  DELIVERY_SORTS,
  type DeliveriesSearch,
  statesSearch,
  USUAL_SORT,
} from "./routes";
import { StateCounts } from "./StateCounts";
import { useDeed } from "./useDeed";

/** It comes when something is to be done with many. */
const BulkDialog = lazy(() =>
  import("./BulkDialog").then(({ BulkDialog }) => ({ default: BulkDialog })),
);

const DeliveryFilterForm = lazy(() =>
  import("./DeliveryFilters").then(({ DeliveryFilterForm }) => ({ default: DeliveryFilterForm })),
);

const route = getRouteApi("/inside/projects/$project/deliveries");

const idOf = (delivery: Delivery) => delivery.id;

export function DeliveriesPage() {
  const words = useWords();
  const { project } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay(project, "editor");
  const { act } = useDeed(project);
  const [chosenColumns, sort, filters] = useMemo(() => {
    const { columns, sort = USUAL_SORT, ...rest } = search;
    return [columns, sort, rest] as const;
  }, [search]);
  const [visit] = useState(() => Date.now());
  const change = (changed: Partial<DeliveriesSearch>) =>
    void navigate({
      search: (before) => changedSearch(before, changed),
      replace: onlyLooks(changed),
    });
  const filterWords = useDeliveryFilterWords(filters, change);
  const columns = useMemo(() => columnsOf(words), [words]);
  const source = useMemo(() => {
    // What happens comes in at the top of the newest. In another order it would jump about under
    // the reader: such a list stands still, and is asked anew at each visit.
    const isUsual = sort === USUAL_SORT;
    return {
      queryKey: [...deliveriesKey(project, filters, sort), isUsual ? "live" : visit],
      fetchPage: fetchDeliveries(project, filters, sort),
      fetchRows: fetchSomeDeliveries(project, filters),
      idOf,
      live: isUsual ? ("delivery" as const) : null,
    };
  }, [project, filters, sort, visit]);
  const choose = (chosen: string) =>
    change({
      sort: DELIVERY_SORTS.find((each) => each === chosen && each !== USUAL_SORT),
    });
  const selection = useSelection(`${project} ${JSON.stringify(filters)}`);
  const selecting = isSelecting(selection);
  return (
    <>
      <PageHead
        title={words.deliveries.title}
        actions={
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link {...props} to="/projects/$project/actions" params={{ project }} />
            )}
          >
            {words.actions.title}
          </Button>
        }
      />
      <StateCounts
        project={project}
        filters={filters}
        choose={(states) => change(statesSearch(states))}
      />
      <ListBar
        filters={filterWords}
        clear={() => void navigate({ search: { columns: chosenColumns } })}
        form={
          <Suspense fallback={null}>
            <DeliveryFilterForm project={project} filters={filters} sort={sort} change={change} />
          </Suspense>
        }
        columns={columns}
        chosenColumns={chosenColumns}
        chooseColumns={(chosen) => change({ columns: chosen })}
      >
        <SearchField
          text={filters.text}
          placeholder={words.deliveries.filters.search}
          search={(text) => change({ text })}
        />
      </ListBar>
      {may && <Selected project={project} filters={filters} selection={selection} />}
      <List
        label={words.deliveries.title}
        source={source}
        columns={columns}
        chosenColumns={chosenColumns}
        sorting={{ sort, choose }}
        nameOf={({ id }) => shortened(id)}
        link={({ id }, content, className) => (
          <Link
            to="/projects/$project/deliveries/$delivery"
            params={{ project, delivery: id }}
            className={className}
          >
            {content}
          </Link>
        )}
        card={(delivery) => <DeliveryCard delivery={delivery} />}
        selection={may ? selection : undefined}
        rowKeys={
          may && !selecting
            ? { r: (delivery) => void act(onceMore(delivery), delivery) }
            : undefined
        }
        empty={<NoDeliveries filtered={filterWords.length > 0} />}
      />
    </>
  );
}

interface SelectedProps {
  project: string;
  filters: DeliveryFilters;
  selection: Selection;
}

/** What can be done with the rows that are selected, or with all that match. */
function Selected({ project, filters, selection }: SelectedProps) {
  const words = useWords().deliveries;
  const format = useFormat();
  const { deed, ask } = useAskedDeed<Deed>(selection);
  const selecting = isSelecting(selection);
  const total = useQuery({ ...countsQuery(project, filters), enabled: selecting }).data?.total;
  useKeys({ r: () => selecting && !tooManyNamed(selection) && ask("retry") });
  return (
    <ManySelected
      selection={selection}
      count={total === undefined ? null : format.number(total)}
      deeds={DEEDS}
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

function NoDeliveries({ filtered }: { filtered: boolean }) {
  const words = useWords();
  const navigate = route.useNavigate();
  if (!filtered) {
    return <EmptyState>{words.deliveries.empty}</EmptyState>;
  }
  return (
    <NothingFits clear={() => void navigate({ search: {} })}>
      {words.deliveries.emptyFiltered}
    </NothingFits>
  );
}
