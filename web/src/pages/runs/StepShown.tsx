// One execution of a step: what went in, what came out and what it said, side by side; and, where
// somebody wants that, how the two states differ.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { useMay } from "../../api/useMay";
import { Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { AskedBeside } from "../../payload/AskedBeside";
import { PayloadView } from "../../payload/PayloadView";
import { type StateSide, statePath, stepStateQuery } from "./queries";
import { RunLog } from "./RunLog";
import styles from "./runs.module.css";
import { STEP_TONES } from "./tones";
import type { RunDetails, RunStep } from "./types";

interface StepShownProps {
  project: string;
  run: RunDetails;
  step: RunStep;
  /** Begins the run again from here; left out for those who may not. */
  retry?: () => void;
}

export function StepShown({ project, run, step, retry }: StepShownProps) {
  const all = useFlowWords();
  const words = all.runs;
  const format = useFormat();
  const mayChange = useMay(project, "admin");
  const [isCompared, setCompared] = useState(false);
  const both = step.input_bytes !== null && step.output_bytes !== null;
  return (
    <Section
      title={all.common.labelled(format.number(step.number), step.name || step.step)}
      actions={
        <div className={styles.deeds}>
          <StateMark tone={STEP_TONES[step.state]}>{words.stepStates[step.state]}</StateMark>
          {both && (
            <Button
              variant="default"
              size="compact-md"
              aria-pressed={isCompared}
              onClick={() => setCompared(!isCompared)}
            >
              {isCompared ? words.step.beside : words.step.differences}
            </Button>
          )}
          {mayChange && (
            <Button
              variant="default"
              size="compact-md"
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/projects/$project/workflows/$workflow/change"
                  params={{ project, workflow: run.workflow }}
                  search={{ step: step.step }}
                />
              )}
            >
              {words.step.changeStep}
            </Button>
          )}
          {retry !== undefined && (
            <Button variant="default" size="compact-md" onClick={retry}>
              {words.retry.stepAction}
            </Button>
          )}
        </div>
      }
    >
      {step.error !== null && step.error !== undefined && <StepError error={step.error} />}
      {isCompared ? (
        <Compared project={project} run={run.id} number={step.number} />
      ) : (
        <div className={styles.sides}>
          <Side project={project} run={run.id} step={step} side="input" />
          <Side project={project} run={run.id} step={step} side="output" />
          <section className={styles.side} aria-label={words.step.log}>
            <h3>{words.step.log}</h3>
            <div className={styles.sideBody}>
              <RunLog project={project} run={run.id} step={step.number} />
            </div>
          </section>
        </div>
      )}
    </Section>
  );
}

/** An error as `state.errors` has it: its name and sentence, and the whole of it below. */
export function StepError({ error }: { error: unknown }) {
  const words = useFlowWords().runs.step;
  const { name, type, message } = (
    typeof error === "object" && error !== null ? error : { message: String(error) }
  ) as { name?: string; type?: string; message?: string };
  return (
    <div className={styles.error}>
      <strong>{name ?? type}</strong> {message}
      {typeof error === "object" && (
        <details>
          <summary>{words.wholeError}</summary>
          <pre>{JSON.stringify(error, null, 2)}</pre>
        </details>
      )}
    </div>
  );
}

interface SideProps {
  project: string;
  run: string;
  step: RunStep;
  side: StateSide;
}

function Side({ project, run, step, side }: SideProps) {
  const words = useFlowWords().runs.step;
  const isRunning = side === "output" && step.finished_at === null;
  return (
    <section className={styles.side} aria-label={words[side]}>
      <h3>{words[side]}</h3>
      <div className={styles.sideBody}>
        {isRunning ? (
          <p className={styles.quiet}>{words.noOutput}</p>
        ) : (
          <State project={project} run={run} number={step.number} side={side} />
        )}
      </div>
    </section>
  );
}

interface StateProps {
  project: string;
  run: string;
  number: number;
  side: StateSide;
}

/** Not all states are kept: that is no mistake of anybody's. */
const isGone = (error: unknown) =>
  error instanceof Problem && (error.status === 404 || error.status === 410);

function State({ project, run, number, side }: StateProps) {
  const words = useFlowWords().runs.step;
  const query = useQuery(stepStateQuery(project, run, number, side));
  if (isGone(query.error)) {
    return <p className={styles.quiet}>{words.notKept}</p>;
  }
  return (
    <Loaded query={query}>
      {(payload) => (
        <PayloadView payload={payload} download={statePath(project, run, number, side)} />
      )}
    </Loaded>
  );
}

function Compared({ project, run, number }: Omit<StateProps, "side">) {
  const words = useFlowWords().runs.step;
  return (
    <AskedBeside
      before={useQuery(stepStateQuery(project, run, number, "input"))}
      after={useQuery(stepStateQuery(project, run, number, "output"))}
      beforeLabel={words.input}
      afterLabel={words.output}
    />
  );
}
