// One run: how it stands, the way that it took through the steps, and each of them with what went in,
// what came out and what it said.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useLiveLook } from "../../api/useLiveLook";
import { useMay } from "../../api/useMay";
import { ErrorNote } from "../../design/ErrorNote";
import { Identifier } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { useAskWithReason } from "../../design/Reason";
import { Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { useToast } from "../../design/Toasts";
import { useFlowWords } from "../../i18n/flows";
import { LoadedPage } from "../../lists/Loaded";
import { GraphView } from "../workflows/GraphView";
import { flowOf, TRIGGER } from "../workflows/graph";
import { versionQuery } from "../workflows/queries";
import { toldTrigger } from "../workflows/told";
import { cancelRun, runKey, runQuery } from "./queries";
import { RetryDialog } from "./RetryDialog";
import { RunFacts } from "./RunFacts";
import { RunLog } from "./RunLog";
import styles from "./runs.module.css";
import { StepShown } from "./StepShown";
import { StepTable } from "./StepTable";
import { standingsOf } from "./standings";
import { RUN_TONES } from "./tones";
import { isFinal, type RunDetails, type RunStep } from "./types";

const route = getRouteApi("/inside/projects/$project/runs/$run");

export function RunPage() {
  const words = useFlowWords();
  const { project, run } = route.useParams();
  const query = useQuery(runQuery(project, run));
  useLiveLook([{ queryKey: runKey(project, run) }], {
    concerns: ({ kind, id }) => kind === "everything" || id === run,
  });
  return (
    <LoadedPage query={query} title={words.runs.run} beside={<Identifier id={run} />}>
      {(data) => <Shown key={run} project={project} run={data} />}
    </LoadedPage>
  );
}

interface OfRun {
  project: string;
  run: RunDetails;
}

function Shown({ project, run }: OfRun) {
  const all = useFlowWords();
  const words = all.runs;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayRun = useMay(project, "editor");
  const [from, setFrom] = useState<RunStep | null | undefined>(undefined);
  const definition = useQuery(versionQuery(project, run.workflow, run.version)).data;
  const flow = useMemo(() => definition && flowOf(definition), [definition]);
  const states = useMemo(() => standingsOf(run.steps), [run.steps]);
  const step = run.steps.find(({ number }) => String(number) === search.step);
  const look = (number: number | undefined) =>
    void navigate({
      search: { step: number === undefined ? undefined : String(number) },
      replace: true,
    });
  const mayRetry = mayRun && isFinal(run.state);
  return (
    <>
      <PageHead
        title={run.workflow}
        beside={
          <>
            <Identifier id={run.id} />{" "}
            <StateMark tone={RUN_TONES[run.state]}>{words.states[run.state]}</StateMark>
          </>
        }
        about={words.stateAbouts[run.state]}
        actions={
          <>
            {mayRetry && <Button onClick={() => setFrom(null)}>{words.retry.act}</Button>}
            {mayRun && !isFinal(run.state) && <Cancel project={project} run={run} />}
            <Button
              variant="default"
              renderRoot={(props) => (
                <PlaceLink {...props} project={project} place="workflows" name={run.workflow} />
              )}
            >
              {words.facts.workflow}
            </Button>
          </>
        }
      />
      {run.error !== null && (
        <div className={styles.error} role="alert">
          <strong>
            {run.error.step !== null && `${run.error.step}: `}
            {run.error.type}
          </strong>{" "}
          {run.error.message}
          {run.error.line !== null && ` (${words.errorPlace(run.error.line, run.error.column)})`}
        </div>
      )}
      {definition !== undefined && flow !== undefined && (
        <GraphView
          flow={flow}
          trigger={toldTrigger(definition, all.workflows)}
          selected={step?.step ?? null}
          select={(id) =>
            look(
              id === TRIGGER || id === step?.step
                ? undefined
                : run.steps.findLast((each) => each.step === id)?.number,
            )
          }
          states={states}
        />
      )}
      <Section title={words.steps.title}>
        <StepTable steps={run.steps} open={step?.number} look={look} />
      </Section>
      {step === undefined ? (
        <Section title={words.step.wholeLog}>
          <RunLog project={project} run={run.id} />
        </Section>
      ) : (
        <StepShown
          key={step.number}
          project={project}
          run={run}
          step={step}
          retry={mayRetry ? () => setFrom(step) : undefined}
        />
      )}
      <RunFacts project={project} run={run} />
      <RetryDialog project={project} run={run} from={from} close={() => setFrom(undefined)} />
    </>
  );
}

function Cancel({ project, run }: OfRun) {
  const words = useFlowWords().runs.cancel;
  const askWhy = useAskWithReason();
  const toast = useToast();
  const client = useQueryClient();
  const cancelling = useMutation({
    mutationFn: (reason: string | null) => cancelRun(project, run.id, reason),
    onSuccess: () => {
      toast({ text: words.done });
      return client.invalidateQueries({ queryKey: runKey(project, run.id) });
    },
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  const ask = async () => {
    const question = { title: words.title, text: words.about, action: words.act, loses: true };
    const reason = await askWhy(question);
    if (reason !== false) {
      cancelling.mutate(reason);
    }
  };
  return (
    <Button variant="default" color="red" loading={cancelling.isPending} onClick={() => void ask()}>
      {words.act}
    </Button>
  );
}
