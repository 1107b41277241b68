// One workflow: what sets it off, its steps with the states of its last run, and its runs.
import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { useLiveLook } from "../../api/useLiveLook";
import { useMay } from "../../api/useMay";
import { PauseButton, RemoveButton } from "../../definitions/DefinitionActions";
import { type Definition, textAt } from "../../definitions/definition";
import { useLiveDefinitions } from "../../definitions/live";
import { PauseNote } from "../../definitions/PauseNote";
import { definedQuery } from "../../definitions/queries";
import { EmptyState } from "../../design/EmptyState";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { Section } from "../../design/Section";
import { Time } from "../../design/Time";
import { useFlowWords } from "../../i18n/flows";
import { LoadedPage } from "../../lists/Loaded";
import { newestRunsQuery, runKey, runQuery } from "../runs/queries";
import { RunTable } from "../runs/RunTable";
import { standingsOf } from "../runs/standings";
import { GraphView } from "./GraphView";
import { type FlowStep, flowOf, inOrder, TRIGGER } from "./graph";
import { JobEditor } from "./JobEditor";
import { NextTimes } from "./NextTimes";
import { type Workflow, workflowsQuery } from "./queries";
import { WorkflowState } from "./standing";
import { titleOf, toldTrigger } from "./told";
import { kindOf, triggerOf } from "./trigger";
import styles from "./workflows.module.css";

/** Its fields come when somebody asks for it. */
const RunDialog = lazy(() =>
  import("./RunDialog").then(({ RunDialog }) => ({ default: RunDialog })),
);

const route = getRouteApi("/inside/projects/$project/workflows/$workflow");

const SHOWN_RUNS = 10;

export function WorkflowPage() {
  const { project, workflow: name } = route.useParams();
  const defined = useQuery(definedQuery(project, "workflows", name));
  const workflow = useQuery(workflowsQuery(project)).data?.find((each) => each.name === name);
  useLiveDefinitions(project);
  const data = defined.data && workflow && { workflow, definition: defined.data.definition };
  return (
    <LoadedPage query={{ ...defined, data }} title={name}>
      {(shown) => <Shown project={project} {...shown} />}
    </LoadedPage>
  );
}

interface ShownProps {
  project: string;
  workflow: Workflow;
  definition: Definition;
}

function Shown({ project, workflow, definition }: ShownProps) {
  const all = useFlowWords();
  const words = all.workflows;
  const { name } = workflow;
  const { step: open } = route.useSearch();
  const navigate = route.useNavigate();
  const flow = useMemo(() => flowOf(definition), [definition]);
  const runs = useQuery(newestRunsQuery(project, { workflow: name }, SHOWN_RUNS)).data;
  const newest = runs?.[0];
  useLiveLook([{ queryKey: ["runs", project] }, { queryKey: runKey(project, newest?.id ?? "") }], {
    concerns: ({ kind }) => kind === "run" || kind === "everything",
  });
  const last = useQuery({
    ...runQuery(project, newest?.id ?? ""),
    enabled: newest !== undefined,
  }).data;
  const states = useMemo(() => (last === undefined ? undefined : standingsOf(last.steps)), [last]);
  const step = flow.steps.find(({ id }) => id === open);
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <>
      <PageHead
        title={titleOf(name, definition)}
        beside={<WorkflowState paused={workflow.paused} runs={workflow.last_runs} />}
        about={all.common.labelled(words.page.setOff, toldTrigger(definition, words))}
        actions={<Actions project={project} workflow={workflow} run={() => setAsked({})} />}
      />
      <PauseNote pause={workflow.pause} />
      <NextTimes times={workflow.trigger.next} zone={workflow.trigger.time_zone ?? ""} />
      <GraphView
        flow={flow}
        trigger={toldTrigger(definition, words)}
        selected={open ?? null}
        select={(id) =>
          void navigate({
            search: { step: id === TRIGGER || id === open ? undefined : id },
            replace: true,
          })
        }
        states={states}
      />
      {last !== undefined && (
        <p className={styles.quiet}>
          {words.page.liveOf}{" "}
          <PlaceLink project={project} place="runs" name={last.id}>
            <Time at={last.registered_at} />
          </PlaceLink>
          .
        </p>
      )}
      {step !== undefined && (
        <StepShown
          project={project}
          workflow={name}
          step={step}
          run={() => setAsked({ from: step.id })}
        />
      )}
      <Suspense fallback={null}>
        <RunDialog
          project={project}
          workflow={name}
          source={textAt(triggerOf(definition), "source") || undefined}
          byMessage={kindOf(definition) === "message"}
          steps={inOrder(flow)}
          from={asked?.from}
          opened={asked !== null}
          close={() => setAsked(null)}
        />
      </Suspense>
      <Section
        title={words.page.lastRuns}
        actions={
          <Link to="/projects/$project/runs" params={{ project }} search={{ workflow: name }}>
            {words.page.allRuns}
          </Link>
        }
      >
        {runs?.length === 0 ? (
          <EmptyState>{words.page.noRuns}</EmptyState>
        ) : (
          runs !== undefined && <RunTable project={project} runs={runs} />
        )}
      </Section>
    </>
  );
}

/** A run that somebody is about to begin by hand. */
interface Asked {
  /** The step that it is to begin with. */
  from?: string;
}

interface StepShownProps {
  project: string;
  workflow: string;
  step: FlowStep;
  run: () => void;
}

function StepShown({ project, workflow, step, run }: StepShownProps) {
  const all = useFlowWords();
  const words = all.workflows.page;
  const may = useMay(project, "admin");
  const mayRun = useMay(project, "editor");
  const { id, title, adaptors, connection, job } = step;
  return (
    <Section
      title={title}
      actions={
        <Group gap="xs">
          {mayRun && (
            <Button variant="default" size="compact-md" onClick={run}>
              {words.runFrom}
            </Button>
          )}
          {may && (
            <Button
              variant="default"
              size="compact-md"
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/projects/$project/workflows/$workflow/change"
                  params={{ project, workflow }}
                  search={{ step: id }}
                />
              )}
            >
              {words.changeStep}
            </Button>
          )}
        </Group>
      }
    >
      <p className={styles.stepFacts}>
        {adaptors.length > 0 && <span>{adaptors.join(", ")}</span>}
        {connection !== null && (
          <PlaceLink project={project} place="connections" name={connection}>
            {connection}
          </PlaceLink>
        )}
      </p>
      {job.trim() === "" ? (
        <p className={styles.quiet}>{words.noJob}</p>
      ) : (
        <JobEditor key={id} label={all.common.labelled(words.job, title)} text={job} />
      )}
    </Section>
  );
}

interface ActionsProps {
  project: string;
  workflow: Workflow;
  run: () => void;
}

function Actions({ project, workflow, run }: ActionsProps) {
  const words = useFlowWords();
  const editor = useMay(project, "editor");
  const admin = useMay(project, "admin");
  const { name, paused } = workflow;
  return (
    <>
      {editor && (
        <>
          <Button onClick={run}>{words.workflows.run.action}</Button>
          <PauseButton project={project} noun="workflows" name={name} paused={paused} />
        </>
      )}
      <Button
        variant="default"
        renderRoot={(props) => (
          <Link
            {...props}
            to="/projects/$project/workflows/$workflow/versions"
            params={{ project, workflow: name }}
          />
        )}
      >
        {words.workflows.page.versions}
      </Button>
      {admin && (
        <>
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link
                {...props}
                to="/projects/$project/workflows/$workflow/change"
                params={{ project, workflow: name }}
              />
            )}
          >
            {words.definitions.change}
          </Button>
          <RemoveButton
            project={project}
            noun="workflows"
            name={name}
            about={words.workflows.removeAbout}
          />
        </>
      )}
    </>
  );
}
