// One step, to be changed: what it is called and works with, its job, what follows it, and its bounds.
import { Button, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import own from "../../definitions/definitions.module.css";
import { More } from "../../definitions/FormFrame";
import { ChoiceAt, mistakeText, NumberAt, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { connectionsQuery } from "../../definitions/queries";
import { useFlowWords } from "../../i18n/flows";
import { offeredTo } from "./completions";
import { EdgeFields } from "./EdgeFields";
import { RETRY_KEYS } from "./fieldPaths";
import type { Flow, FlowStep } from "./graph";
import { JobField } from "./JobField";
import { adaptorsQuery } from "./queries";
import styles from "./workflows.module.css";

interface StepPanelProps {
  project: string;
  flow: Flow;
  step: FlowStep;
  rename: (id: string) => void;
  remove: () => void;
}

/** Ids of steps, as the hub takes them. */
const ID = /^[A-Za-z0-9_-]{1,100}$/;
const NO_ADAPTORS: readonly never[] = [];

export function StepPanel({ project, flow, step, rename, remove }: StepPanelProps) {
  const words = useFlowWords().workflows.form;
  const form = useDefinitionForm();
  const connections = (useQuery(connectionsQuery(project)).data ?? []).map(({ name }) => name);
  // One that is gone is shown all the same: the hub says that it is not there.
  const named = [...new Set([...connections, ...(step.connection ? [step.connection] : [])])];
  const known = useQuery(adaptorsQuery).data ?? NO_ADAPTORS;
  const path = `steps.${step.id}`;
  const adaptors = step.adaptors.join(" ");
  const offered = useMemo(() => offeredTo(adaptors.split(" "), known), [adaptors, known]);
  return (
    <section className={styles.panel} aria-label={step.title}>
      <div className={styles.panelHead}>
        <h2>{step.title}</h2>
        <Button variant="subtle" color="red" size="compact-md" onClick={remove}>
          {words.remove}
        </Button>
      </div>
      <div className={styles.fields}>
        <TextAt path={`${path}.name`} label={words.stepName} placeholder={step.id} />
        <IdField flow={flow} id={step.id} rename={rename} />
        <TagsInput
          label={words.adaptors}
          description={words.adaptorsAbout}
          placeholder={step.adaptors.length === 0 ? "common" : undefined}
          data={known.map(({ name }) => name)}
          value={step.adaptors}
          acceptValueOnBlur
          error={mistakeText(form.mistakes(`${path}.adaptor`))}
          onChange={(next) => form.put(`${path}.adaptor`, next.length > 1 ? next : next[0])}
        />
        <ChoiceAt
          path={`${path}.connection`}
          label={words.connection}
          about={words.connectionAbout}
          usual=""
          choices={[
            { value: "", label: words.noConnection },
            ...named.map((name) => ({ value: name, label: name })),
          ]}
        />
        <EdgeFields flow={flow} from={step.id} path={`${path}.next`} />
        <Bounds path={path} />
      </div>
      <JobField project={project} step={step} offered={offered} />
    </section>
  );
}

interface IdFieldProps {
  flow: Flow;
  id: string;
  rename: (id: string) => void;
}

/** An id counts once it is whole and free: everything that names the step follows it. */
function IdField({ flow, id, rename }: IdFieldProps) {
  const words = useFlowWords().workflows.form;
  const form = useDefinitionForm();
  const [typed, setTyped] = useState(id);
  const isTaken = typed !== id && flow.steps.some((step) => step.id === typed);
  const isWrong = !ID.test(typed);
  const done = () => {
    if (typed !== id && !isTaken && !isWrong) {
      rename(typed);
    }
  };
  return (
    <TextInput
      label={words.id}
      description={words.idAbout}
      value={typed}
      error={
        isTaken
          ? words.idTaken(typed)
          : isWrong
            ? words.idWrong
            : mistakeText(form.mistakes(`steps.${id}`))
      }
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          event.preventDefault();
          done();
        }
      }}
    />
  );
}

function Bounds({ path }: { path: string }) {
  const all = useFlowWords();
  const words = all.workflows.form;
  return (
    <More
      title={words.retry}
      about={words.retryAbout}
      paths={[
        ...RETRY_KEYS.map((key) => `${path}.retry.${key}`),
        `${path}.timeout`,
        `${path}.memory`,
      ]}
    >
      <NumberAt
        path={`${path}.retry.tries`}
        label={words.tries}
        placeholder="1"
        min={1}
        max={100}
      />
      <div className={own.two}>
        <TextAt path={`${path}.retry.first`} label={words.first} placeholder="15s" />
        <NumberAt
          path={`${path}.retry.factor`}
          label={words.factor}
          placeholder="3"
          decimals={2}
          min={1}
          max={100}
        />
        <TextAt path={`${path}.retry.max`} label={words.max} placeholder="1h" />
        <TextAt path={`${path}.timeout`} label={words.timeout} placeholder="5m" />
        <TextAt path={`${path}.memory`} label={words.memory} placeholder="256MiB" />
      </div>
      <p className={own.about}>{all.definitions.duration}</p>
    </More>
  );
}
