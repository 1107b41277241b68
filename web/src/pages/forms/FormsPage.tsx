// The forms of a project: those that were uploaded, and those that became known by what came in.
import { Button, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useMay } from "../../api/useMay";
import { Count } from "../../design/Count";
import { EmptyState } from "../../design/EmptyState";
import { PageHead } from "../../design/PageHead";
import { Time } from "../../design/Time";
import filed from "../../filed/filed.module.css";
import type { Form } from "../../filed/queries";
import { useWords, type Words } from "../../i18n/words";
import { useListAddress } from "../../lists/address";
import type { Column } from "../../lists/columns";
import { FilteredList } from "../../lists/FilteredList";
import { Choice, TypedField } from "../../lists/filterFields";
import { filterWords } from "../../lists/filterWords";
import { RowCard } from "../../lists/RowCard";
import { fetchForms, formsKey, lastOfFormQuery } from "./queries";
import { DEFINED, type FormsSearch } from "./routes";
import { UploadForm } from "./UploadForm";

const route = getRouteApi("/inside/projects/$project/forms");

const idOf = (form: Form) => form.name;

export function FormsPage() {
  const words = useWords();
  const { project } = route.useParams();
  const navigate = route.useNavigate();
  const address = useListAddress(route.useSearch(), (to) => void navigate(to));
  const { filters, change } = address;
  const { application, defined, text } = filters;
  const told = words.forms.filters;
  const texts = {
    application: application && told.ofApplication(application),
    defined: defined && told.defined[defined],
    text: text && told.text(text),
  };
  const columns = useMemo(() => columnsOf(words, project), [words, project]);
  const source = useMemo(
    () => ({
      queryKey: formsKey(project, filters),
      fetchPage: fetchForms(project, filters),
      idOf,
      // What is filled in makes forms known, and counts for them.
      live: "submission" as const,
      followsOthers: true,
    }),
    [project, filters],
  );
  return (
    <>
      <PageHead
        title={words.forms.title}
        about={words.forms.about}
        actions={
          <>
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link {...props} to="/projects/$project/form-definitions" params={{ project }} />
              )}
            >
              {words.forms.ofProject}
            </Button>
            <Upload project={project} />
          </>
        }
      />
      <FilteredList
        label={words.forms.title}
        address={address}
        filterWords={filterWords(texts, change)}
        filterForm={<FilterForm filters={filters} change={change} />}
        searchIn={told.search}
        source={source}
        columns={columns}
        nameOf={(form) => form.title || form.name}
        link={(form, content, className) => (
          <Link
            to="/projects/$project/forms/$form"
            params={{ project, form: form.name }}
            className={className}
          >
            {content}
          </Link>
        )}
        card={(form) => <FormCard form={form} project={project} />}
        emptyFiltered={words.forms.emptyFiltered}
        empty={<EmptyState action={<Upload project={project} />}>{words.forms.empty}</EmptyState>}
      />
    </>
  );
}

/** The button that uploads a form, for those who may. */
function Upload({ project }: { project: string }) {
  const words = useWords().forms.upload;
  const may = useMay(project, "editor");
  const [open, setOpen] = useState(false);
  return (
    may && (
      <>
        <Button onClick={() => setOpen(true)}>{words.open}</Button>
        <UploadForm project={project} opened={open} close={() => setOpen(false)} />
      </>
    )
  );
}

function columnsOf(words: Words, project: string): Column<Form>[] {
  const titles = words.forms.columns;
  return [
    {
      key: "title",
      title: titles.title,
      width: "minmax(160px, 2fr)",
      cell: (form) => form.title || form.name,
    },
    { key: "name", title: titles.name, width: "minmax(120px, 1fr)", cell: (form) => form.name },
    {
      key: "id",
      title: titles.id,
      width: "minmax(120px, 1fr)",
      cell: (form) => form.form_id ?? form.xmlns ?? "—",
    },
    {
      key: "version",
      title: titles.version,
      width: "minmax(88px, 112px)",
      cell: (form) => form.version ?? <span className={filed.quiet}>—</span>,
    },
    {
      key: "application",
      title: titles.application,
      width: "minmax(80px, 1fr)",
      hidden: true,
      cell: (form) => form.application ?? <span className={filed.quiet}>—</span>,
    },
    {
      key: "definition",
      title: titles.definition,
      width: "112px",
      cell: (form) =>
        form.definition === null ? (
          <span className={filed.quiet}>{words.forms.undefined}</span>
        ) : (
          words.forms.defined
        ),
    },
    {
      key: "submissions",
      title: titles.submissions,
      width: "96px",
      end: true,
      cell: (form) => <Count value={form.submissions} />,
    },
    {
      key: "last",
      title: titles.last,
      width: "112px",
      cell: (form) => <LastOf form={form} project={project} />,
    },
  ];
}

/** When the last one came in. It is asked for of the forms in sight, and of those that were filled in. */
function LastOf({ form, project }: { form: Form; project: string }) {
  const { data } = useQuery({
    ...lastOfFormQuery(project, form.name, form.submissions),
    enabled: form.submissions > 0,
  });
  return data == null ? <span className={filed.quiet}>—</span> : <Time at={data} />;
}

function FormCard({ form, project }: { form: Form; project: string }) {
  const words = useWords().forms;
  return (
    <RowCard
      title={form.title || form.name}
      beside={<LastOf form={form} project={project} />}
      text={form.form_id ?? form.xmlns ?? form.name}
      mark={words.submissionCount(form.submissions)}
    />
  );
}

interface FilterFormProps {
  filters: FormsSearch;
  change: (changed: Partial<FormsSearch>) => void;
}

function FilterForm({ filters, change }: FilterFormProps) {
  const words = useWords().forms.filters;
  return (
    <Stack gap="sm">
      <Choice
        label={words.definition}
        names={DEFINED.map((each) => ({ value: each, label: words.defined[each] }))}
        value={filters.defined}
        choose={(chosen) => change({ defined: DEFINED.find((each) => each === chosen) })}
      />
      <TypedField
        label={words.application}
        value={filters.application}
        change={(application) => change({ application })}
      />
    </Stack>
  );
}
