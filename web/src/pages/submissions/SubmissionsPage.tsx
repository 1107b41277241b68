// Everything that was filled in: as a table with the columns of a form, or as a map.
import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { EmptyState } from "../../design/EmptyState";
import { shortened } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { Time } from "../../design/Time";
import filed from "../../filed/filed.module.css";
import { formQuery, formsQuery } from "../../filed/queries";
import { useLanguage, useWords } from "../../i18n/words";
import { useListAddress } from "../../lists/address";
import { NothingFits } from "../../lists/FilteredList";
import { List } from "../../lists/List";
import { ListBar } from "../../lists/ListBar";
import { ListSkeleton } from "../../lists/ListParts";
import { RowCard } from "../../lists/RowCard";
import { SearchField } from "../../lists/SearchField";
import { columnsOf, placesIn, placesOf, tellingAnswers } from "./columns";
import { ExportMenu } from "./ExportMenu";
import {
  fetchSubmissions,
  type Submission,
  type SubmissionFilters,
  sampleQuery,
  submissionsKey,
} from "./queries";
import { SUBMISSION_SORTS, USUAL_SORT } from "./routes";
import { SubmissionFilterForm, useFilterWords } from "./SubmissionFilters";
import styles from "./submissions.module.css";

const SubmissionMap = lazy(() => import("./SubmissionMap"));
const route = getRouteApi("/inside/projects/$project/submissions");

const idOf = (submission: Submission) => submission.id;

export function SubmissionsPage() {
  const words = useWords();
  const { project } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { form, view } = search;
  const address = useListAddress(search, (to) => void navigate(to), { form, view });
  const { chosenColumns, change, clear } = address;
  const filters = useMemo(() => {
    const { view: _, ...rest } = address.filters;
    return rest;
  }, [address.filters]);
  const filterWords = useFilterWords(filters, change);
  const places = usePlaces(project, filters.form);
  const { language } = useLanguage();
  const columns = useMemo(() => columnsOf({ words, language, places }), [words, language, places]);
  const empty = <NoSubmissions project={project} filtered={filterWords.length > 0} clear={clear} />;
  return (
    <>
      <PageHead
        title={words.submissions.title}
        actions={<ExportMenu project={project} filters={filters} filterWords={filterWords} />}
      />
      <ListBar
        filters={filterWords}
        clear={clear}
        form={
          <SubmissionFilterForm
            project={project}
            filters={filters}
            fields={(places ?? []).map(({ path }) => path)}
            change={change}
          />
        }
        columns={view === "map" ? [] : columns}
        chosenColumns={chosenColumns}
        chooseColumns={(chosen) => change({ columns: chosen })}
      >
        <Views view={view} />
        <FormChoice
          project={project}
          form={filters.form}
          // Conditions and columns are of one form.
          choose={(form) => change({ form, where: undefined, columns: undefined })}
        />
        <SearchField
          text={filters.text}
          placeholder={words.submissions.filters.search}
          search={(text) => change({ text })}
        />
      </ListBar>
      {view === "map" ? (
        <Suspense fallback={<ListSkeleton label={words.common.loading} />}>
          <SubmissionMap project={project} filters={filters} empty={empty} />
        </Suspense>
      ) : (
        <Table
          project={project}
          filters={filters}
          columns={columns}
          chosenColumns={chosenColumns}
          empty={empty}
        />
      )}
    </>
  );
}

interface TableProps {
  project: string;
  filters: SubmissionFilters;
  columns: ReturnType<typeof columnsOf>;
  chosenColumns: string | undefined;
  empty: React.ReactNode;
}

function Table({ project, filters, columns, chosenColumns, empty }: TableProps) {
  const words = useWords().submissions;
  const navigate = route.useNavigate();
  const sort = filters.sort ?? USUAL_SORT;
  const source = useMemo(
    () => ({
      queryKey: submissionsKey(project, filters),
      fetchPage: fetchSubmissions(project, filters),
      idOf,
      // New ones stand at the head of a list only where that begins with the newest.
      live: sort === USUAL_SORT ? ("submission" as const) : null,
      followsOthers: true,
    }),
    [project, filters, sort],
  );
  return (
    <List
      label={words.title}
      source={source}
      columns={columns}
      chosenColumns={chosenColumns}
      nameOf={(row) => words.named(row.form, String(row.number))}
      link={(row, content, className) => (
        <Link
          to="/projects/$project/submissions/$submission"
          params={{ project, submission: row.id }}
          className={className}
        >
          {content}
        </Link>
      )}
      card={(row) => <SubmissionCard row={row} />}
      empty={empty}
      sorting={{
        sort,
        choose: (chosen) =>
          void navigate({
            search: (before) => ({
              ...before,
              sort: SUBMISSION_SORTS.find((each) => each === chosen && each !== USUAL_SORT),
            }),
          }),
      }}
    />
  );
}

/** The places of the form that is chosen: as it describes them, else as its submissions have them. */
function usePlaces(project: string, form: string | undefined) {
  const described = useQuery({ ...formQuery(project, form ?? ""), enabled: form !== undefined });
  const fields = described.data?.fields;
  const isUnknown = described.isError || (described.data !== undefined && fields == null);
  const sample = useQuery({
    ...sampleQuery(project, form ?? ""),
    enabled: form !== undefined && isUnknown,
  });
  return useMemo(() => {
    if (form === undefined) {
      return null;
    }
    return isUnknown ? placesIn(sample.data ?? []) : placesOf(fields);
  }, [form, isUnknown, fields, sample.data]);
}

function Views({ view }: { view: "map" | undefined }) {
  const words = useWords().submissions;
  return (
    <nav className={styles.views} aria-label={words.view}>
      {([undefined, "map"] as const).map((each) => (
        <Link
          key={each ?? "table"}
          from="/projects/$project/submissions"
          to="."
          search={(before) => ({ ...before, view: each })}
          replace
          className={styles.view}
          activeOptions={{ exact: true, explicitUndefined: true }}
          aria-current={each === view ? "true" : undefined}
        >
          {words.views[each ?? "table"]}
        </Link>
      ))}
    </nav>
  );
}

interface FormChoiceProps {
  project: string;
  form: string | undefined;
  choose: (form: string | undefined) => void;
}

function FormChoice({ project, form, choose }: FormChoiceProps) {
  const words = useWords().submissions;
  const forms = useQuery(formsQuery(project)).data ?? [];
  const choices = forms.map(({ name, title }) => ({ value: name, label: title || name }));
  const isKnown = form === undefined || forms.some(({ name }) => name === form);
  return (
    <Select
      size="xs"
      className={styles.form}
      aria-label={words.columns.form}
      placeholder={words.allForms}
      data={isKnown ? choices : [{ value: form, label: form }, ...choices]}
      value={form ?? null}
      clearable
      searchable
      openOnFocus={false}
      onChange={(chosen) => choose(chosen ?? undefined)}
    />
  );
}

function SubmissionCard({ row }: { row: Submission }) {
  const words = useWords().submissions;
  return (
    <RowCard
      title={words.named(row.form, String(row.number))}
      beside={<Time at={row.received_at} />}
      text={tellingAnswers(row).join(" · ") || shortened(row.instance_id ?? row.id)}
      mark={<span className={filed.quiet}>{row.user}</span>}
    />
  );
}

interface NoSubmissionsProps {
  project: string;
  filtered: boolean;
  clear: () => void;
}

function NoSubmissions({ project, filtered, clear }: NoSubmissionsProps) {
  const words = useWords();
  if (filtered) {
    return <NothingFits clear={clear}>{words.submissions.emptyFiltered}</NothingFits>;
  }
  return (
    <EmptyState
      action={
        <Button
          variant="default"
          renderRoot={(props) => (
            <Link {...props} to="/projects/$project/forms" params={{ project }} />
          )}
        >
          {words.forms.title}
        </Button>
      }
    >
      {words.submissions.empty}
    </EmptyState>
  );
}
