// The forms that a project asks itself: what each asks, and whether it takes submissions.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../../api/useMay";
import { DefinitionTable, type TableColumn } from "../../../definitions/DefinitionTable";
import { useLiveDefinitions } from "../../../definitions/live";
import { Count } from "../../../design/Count";
import { EmptyState } from "../../../design/EmptyState";
import { PageHead } from "../../../design/PageHead";
import { StateMark } from "../../../design/StateMark";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { Loaded } from "../../../lists/Loaded";
import { type DefinedForm, formDefinitionsQuery } from "./queries";

const route = getRouteApi("/inside/projects/$project/form-definitions");

export function DefinitionsPage() {
  const words = useOwnFormWords().formEditor;
  const { project } = route.useParams();
  const may = useMay(project, "admin");
  const query = useQuery(formDefinitionsQuery(project));
  useLiveDefinitions(project);
  const make = (
    <Button
      renderRoot={(props) => (
        <Link {...props} to="/projects/$project/new/form-definition" params={{ project }} />
      )}
    >
      {words.make}
    </Button>
  );
  return (
    <>
      <PageHead
        title={words.title}
        about={words.about}
        actions={
          <>
            <Button
              variant="subtle"
              renderRoot={(props) => (
                <Link {...props} to="/projects/$project/roles" params={{ project }} />
              )}
            >
              {words.rolesAndPeople}
            </Button>
            {may && (
              <Button
                variant="default"
                renderRoot={(props) => (
                  <Link
                    {...props}
                    to="/projects/$project/new/form-definition"
                    params={{ project }}
                    search={{ from: "wcs" }}
                  />
                )}
              >
                {words.import.open}
              </Button>
            )}
            {may && query.data !== undefined && query.data.length > 0 && make}
          </>
        }
      />
      <Loaded query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState action={may && make}>{words.empty}</EmptyState>
          ) : (
            <Table project={project} rows={rows} />
          )
        }
      </Loaded>
    </>
  );
}

function Table({ project, rows }: { project: string; rows: DefinedForm[] }) {
  const words = useOwnFormWords().formEditor;
  const columns: TableColumn<DefinedForm>[] = [
    { key: "name", title: words.columns.name, cell: ({ name }) => name },
    { key: "category", title: words.columns.category, cell: ({ category }) => category ?? "—" },
    {
      key: "fields",
      title: words.columns.fields,
      end: true,
      cell: ({ fields }) => <Count value={fields} />,
    },
    {
      key: "statuses",
      title: words.columns.statuses,
      end: true,
      cell: ({ statuses }) => <Count value={statuses.length} />,
    },
    {
      key: "state",
      title: words.columns.state,
      plain: true,
      cell: (form) => <FormState form={form} />,
    },
  ];
  return (
    <DefinitionTable
      label={words.title}
      rows={rows}
      first={words.columns.title}
      nameOf={({ name }) => name}
      columns={columns}
      link={({ name, title }) => (
        <Link
          to="/projects/$project/form-definitions/$definition"
          params={{ project, definition: name }}
        >
          {title}
        </Link>
      )}
    />
  );
}

/** Whether it takes submissions; what is likely to be regretted stands beside it. */
export function FormState({ form }: { form: DefinedForm }) {
  const words = useOwnFormWords().formEditor;
  return (
    <>
      <StateMark tone={form.disabled ? "ended" : "well"}>
        {form.disabled ? words.disabled : words.open}
      </StateMark>{" "}
      {form.warnings.length > 0 && (
        <StateMark tone="waiting">{words.warnings(form.warnings.length)}</StateMark>
      )}
    </>
  );
}
