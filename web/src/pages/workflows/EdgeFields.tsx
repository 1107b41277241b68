// What follows a step, or begins a run: the steps, and when each of them does.
import { ActionIcon, Checkbox, Select, Textarea, TextInput } from "@mantine/core";
import { X } from "lucide-react";
import own from "../../definitions/definitions.module.css";
import { mistakeText } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { useFlowWords } from "../../i18n/flows";
import {
  CONDITIONS,
  edgesFrom,
  edgeTo,
  type Flow,
  type FlowEdge,
  targetsOf,
  writeEdges,
} from "./graph";
import styles from "./workflows.module.css";

interface EdgeFieldsProps {
  flow: Flow;
  /** The step that the edges leave; null for the start. */
  from: string | null;
  /** The path of the edges, where their mistakes are told. */
  path: string;
}

export function EdgeFields({ flow, from, path }: EdgeFieldsProps) {
  const words = useFlowWords().workflows.form;
  const form = useDefinitionForm();
  const edges = edgesFrom(flow, from);
  const titles = new Map(flow.steps.map(({ id, title }) => [id, title]));
  const targets = targetsOf(flow, from);
  const put = (next: FlowEdge[]) => form.put(path, writeEdges(next));
  const change = (to: string, changed: Partial<FlowEdge>) =>
    put(edges.map((edge) => (edge.to === to ? { ...edge, ...changed } : edge)));
  return (
    <fieldset className={own.pairs}>
      <legend className={own.label}>{words.follows}</legend>
      <p className={own.about}>{from === null ? words.followsStart : words.followsAbout}</p>
      {edges.map((edge) => (
        <div key={edge.to} className={styles.edge}>
          <div className={styles.edgeHead}>
            <span>→ {titles.get(edge.to) ?? edge.to}</span>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={words.removeEdge(titles.get(edge.to) ?? edge.to)}
              onClick={() => put(edges.filter(({ to }) => to !== edge.to))}
            >
              <X size={16} />
            </ActionIcon>
          </div>
          <OneEdge
            edge={edge}
            title={titles.get(edge.to) ?? edge.to}
            isStart={from === null}
            change={change}
          />
        </div>
      ))}
      {targets.length > 0 && (
        <Select
          key={edges.length}
          className={styles.addEdge}
          aria-label={words.addEdge}
          placeholder={words.addEdge}
          data={targets.map(({ id, title }) => ({ value: id, label: title }))}
          value={null}
          onChange={(to) => to !== null && put([...edges, edgeTo(to)])}
        />
      )}
      {form.mistakes(path).length > 0 && (
        <p className={own.mistakes} role="alert">
          {mistakeText(form.mistakes(path))}
        </p>
      )}
    </fieldset>
  );
}

interface OneEdgeProps {
  edge: FlowEdge;
  title: string;
  /** Nothing has run before the start, so nothing has succeeded or failed. */
  isStart: boolean;
  change: (to: string, changed: Partial<FlowEdge>) => void;
}

function OneEdge({ edge, title, isStart, change }: OneEdgeProps) {
  const all = useFlowWords().workflows;
  const words = all.form;
  const { to, when, expression, label, disabled } = edge;
  const conditions = CONDITIONS.filter((each) => !isStart || !each.startsWith("on_"));
  return (
    <>
      <Select
        aria-label={words.when(title)}
        data={conditions.map((value) => ({ value, label: all.graph.conditions[value] }))}
        allowDeselect={false}
        value={when}
        onChange={(chosen) =>
          change(to, { when: CONDITIONS.find((each) => each === chosen) ?? "always" })
        }
      />
      {when === "expression" && (
        <Textarea
          label={words.expression}
          description={words.expressionAbout}
          className={own.pem}
          autosize
          minRows={1}
          spellCheck={false}
          value={expression}
          onChange={(event) => change(to, { expression: event.currentTarget.value })}
        />
      )}
      <TextInput
        size="xs"
        aria-label={words.label}
        placeholder={words.label}
        value={label}
        onChange={(event) => change(to, { label: event.currentTarget.value })}
      />
      <Checkbox
        label={words.disabled}
        checked={disabled}
        onChange={(event) => change(to, { disabled: event.currentTarget.checked })}
      />
    </>
  );
}
