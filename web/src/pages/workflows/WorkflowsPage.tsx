// The workflows of a project: what sets each off, how its last runs went, and whether it runs.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../api/useMay";
import { PauseButton } from "../../definitions/DefinitionActions";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { useLiveDefinitions } from "../../definitions/live";
import { Count } from "../../design/Count";
import { EmptyState } from "../../design/EmptyState";
import { PageHead } from "../../design/PageHead";
import { useFlowWords } from "../../i18n/flows";
import { Loaded } from "../../lists/Loaded";
import { DayCounts } from "./DayCounts";
import { type Workflow, workflowsQuery } from "./queries";
import { LastRuns, WorkflowState } from "./standing";
import { toldTrigger } from "./told";
import styles from "./workflows.module.css";

const route = getRouteApi("/inside/projects/$project/workflows");

export function WorkflowsPage() {
  const words = useFlowWords().workflows;
  const { project } = route.useParams();
  const may = useMay(project, "admin");
  const query = useQuery(workflowsQuery(project));
  useLiveDefinitions(project);
  const make = may && (
    <Button
      renderRoot={(props) => (
        <Link {...props} to="/projects/$project/new/workflow" params={{ project }} />
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
        actions={query.data !== undefined && query.data.length > 0 && make}
      />
      <Loaded query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState action={make}>{words.empty}</EmptyState>
          ) : (
            <Table project={project} rows={rows} />
          )
        }
      </Loaded>
    </>
  );
}

function Table({ project, rows }: { project: string; rows: Workflow[] }) {
  const words = useFlowWords().workflows;
  const may = useMay(project, "editor");
  const columns: TableColumn<Workflow>[] = [
    {
      key: "trigger",
      title: words.columns.trigger,
      cell: ({ definition }) => toldTrigger(definition, words),
    },
    {
      key: "steps",
      title: words.columns.steps,
      end: true,
      cell: ({ steps }) => <Count value={steps} />,
    },
    {
      key: "day",
      title: words.columns.day,
      cell: (workflow) => <DayCounts project={project} workflow={workflow} />,
    },
    {
      key: "runs",
      title: words.columns.runs,
      cell: ({ last_runs }) => <LastRuns project={project} runs={last_runs} />,
    },
    {
      key: "state",
      title: words.columns.state,
      plain: true,
      cell: ({ paused, last_runs }) => <WorkflowState paused={paused} runs={last_runs} />,
    },
  ];
  if (may) {
    columns.push({
      key: "actions",
      title: words.columns.actions,
      plain: true,
      cell: ({ name, paused }) => (
        <PauseButton project={project} noun="workflows" name={name} paused={paused} small />
      ),
    });
  }
  return (
    <DefinitionTable
      label={words.title}
      rows={rows}
      first={words.columns.name}
      nameOf={({ name }) => name}
      columns={columns}
      link={({ name, title }) => (
        <>
          <Link to="/projects/$project/workflows/$workflow" params={{ project, workflow: name }}>
            {title || name}
          </Link>
          {title !== "" && <span className={styles.under}>{name}</span>}
        </>
      )}
    />
  );
}
