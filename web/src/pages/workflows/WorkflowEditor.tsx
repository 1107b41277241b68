// Where a workflow is written: its graph, and below it what is open of it.
import { Button } from "@mantine/core";
import { Plus } from "lucide-react";
import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import type { Definition } from "../../definitions/definition";
import { TextAt } from "../../definitions/fields";
import { type DefinitionForm as Form, useDefinitionForm } from "../../definitions/form";
import { useToast } from "../../design/Toasts";
import { useFlowWords } from "../../i18n/flows";
import { ListSkeleton } from "../../lists/ListParts";
import { stepFields, TRIGGER_FIELDS } from "./fieldPaths";
import { GraphView } from "./GraphView";
import {
  edgesFrom,
  edgeTo,
  type Flow,
  flowOf,
  freeId,
  TRIGGER,
  withEdges,
  withNewStep,
  withoutStep,
  withRenamedStep,
} from "./graph";
import { toldTrigger } from "./told";
import styles from "./workflows.module.css";

const StepPanel = lazy(() =>
  import("./StepPanel").then(({ StepPanel }) => ({ default: StepPanel })),
);
const TriggerPanel = lazy(() =>
  import("./TriggerPanel").then(({ TriggerPanel }) => ({ default: TriggerPanel })),
);
const SettingFields = lazy(() =>
  import("./SettingFields").then(({ SettingFields }) => ({ default: SettingFields })),
);

/** What a new step begins with. */
const newStep = (definition: Definition, after: string | null): Definition => {
  const before = flowOf(definition).steps.find(({ id }) => id === after);
  const [adaptor = "common"] = before?.adaptors ?? [];
  return {
    adaptor,
    ...(before?.connection == null ? {} : { connection: before.connection }),
    job: "fn(state => {\n  return state;\n});\n",
  };
};

interface WorkflowEditorProps {
  project: string;
  nameField: ReactNode;
  /** The step that is open at first. */
  first: string | undefined;
}

export function WorkflowEditor({ project, nameField, first }: WorkflowEditorProps) {
  const all = useFlowWords();
  const words = all.workflows;
  const form = useDefinitionForm();
  const toast = useToast();
  const { definition } = form;
  const flow = useMemo(() => flowOf(definition), [definition]);
  const [open, setOpen] = useState(first ?? flow.steps[0]?.id ?? TRIGGER);
  const step = flow.steps.find(({ id }) => id === open);
  const mistaken = useMistaken(flow, form);
  const add = (after: string | null) => {
    const id = freeId(flow, "step");
    form.change((before) => withNewStep(before, after, id, newStep(before, after)));
    setOpen(id);
  };
  const join = (from: string | null, to: string) =>
    form.change((before) =>
      withEdges(before, from, [...edgesFrom(flowOf(before), from), edgeTo(to)]),
    );
  const rename = (from: string, to: string) => {
    form.change((before) => withRenamedStep(before, from, to));
    setOpen(to);
  };
  const remove = (id: string, title: string) => {
    const before = definition;
    form.change((now) => withoutStep(now, id));
    setOpen(TRIGGER);
    toast({ text: words.form.removed(title), undo: () => form.change(() => before) });
  };
  return (
    <>
      <div className={styles.names}>
        {nameField}
        <TextAt path="title" label={words.form.title} about={words.form.titleAbout} />
      </div>
      <GraphView
        flow={flow}
        trigger={toldTrigger(definition, words)}
        selected={step === undefined ? TRIGGER : open}
        select={setOpen}
        mistaken={mistaken}
        addAfter={add}
        connect={join}
      />
      {flow.steps.length === 0 && (
        <p>
          {words.graph.noSteps}{" "}
          <Button size="compact-md" leftSection={<Plus size={14} />} onClick={() => add(null)}>
            {words.form.addStep}
          </Button>
        </p>
      )}
      <Suspense fallback={<ListSkeleton label={all.common.loading} />}>
        {step === undefined ? (
          <TriggerPanel project={project} flow={flow} />
        ) : (
          <StepPanel
            key={open}
            project={project}
            flow={flow}
            step={step}
            rename={(to) => rename(step.id, to)}
            remove={() => remove(step.id, step.title)}
          />
        )}
        <SettingFields />
      </Suspense>
    </>
  );
}

/** The steps of which the hub said that something is wrong. */
function useMistaken(flow: Flow, form: Form): ReadonlySet<string> {
  const isWrong = (paths: readonly string[]) =>
    paths.some((path) => form.mistakes(path).length > 0);
  const wrong = flow.steps.map(({ id }) => id).filter((id) => isWrong(stepFields(id)));
  const key = [...wrong, ...(isWrong(TRIGGER_FIELDS) ? [TRIGGER] : [])].join(" ");
  return useMemo(() => new Set(key.split(" ")), [key]);
}
