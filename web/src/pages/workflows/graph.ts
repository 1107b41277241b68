// The graph of a workflow as the pages draw and change it. A definition writes its edges in short
// forms where it can; here all of them are read into one shape, and written back as short as before.
// Pure.
import {
  type Definition,
  isDefinition,
  membersOf,
  ordered,
  textAt,
  type Value,
} from "../../definitions/definition";
import { namesIn } from "../../definitions/names";

export const CONDITIONS = ["always", "on_job_success", "on_job_failure", "expression"] as const;
export type EdgeCondition = (typeof CONDITIONS)[number];

export interface FlowEdge {
  to: string;
  when: EdgeCondition;
  /** JavaScript over `state`, where it decides. */
  expression: string;
  label: string;
  disabled: boolean;
}

export interface FlowStep {
  id: string;
  /** What people call it: its name, or its id. */
  title: string;
  adaptors: string[];
  connection: string | null;
  job: string;
  next: FlowEdge[];
}

/** The place of the trigger in the graph: no step has this id. */
export const TRIGGER = "@trigger";

export interface Flow {
  steps: FlowStep[];
  /** Where a run begins. */
  start: FlowEdge[];
}

export const edgeTo = (to: string): FlowEdge => ({
  to,
  when: "always",
  expression: "",
  label: "",
  disabled: false,
});

function conditioned(edge: FlowEdge, condition: Value | undefined): FlowEdge {
  if (condition === false) {
    return { ...edge, disabled: true };
  }
  if (typeof condition !== "string" || condition === "always") {
    return edge;
  }
  return condition === "on_job_success" || condition === "on_job_failure"
    ? { ...edge, when: condition }
    : { ...edge, when: "expression", expression: condition };
}

/** Edges as a definition writes them: a step, several, or conditions by step. */
export function readEdges(value: Value | undefined): FlowEdge[] {
  if (!isDefinition(value)) {
    return namesIn(value).map(edgeTo);
  }
  return membersOf(value).map(([to, written]) => {
    if (!isDefinition(written)) {
      return conditioned(edgeTo(to), written);
    }
    const edge = conditioned(edgeTo(to), written.condition);
    const label = textAt(written, "label");
    return { ...edge, label, disabled: edge.disabled || written.disabled === true };
  });
}

export function writeEdges(edges: readonly FlowEdge[]): Value | undefined {
  const [only] = edges;
  if (only === undefined) {
    return undefined;
  }
  if (edges.length === 1 && only.when === "always" && only.label === "" && !only.disabled) {
    return only.to;
  }
  return ordered(
    edges.map(({ to, when, expression, label, disabled }) => {
      const condition = when === "expression" ? expression : when;
      return [
        to,
        label === "" && !disabled
          ? condition
          : {
              condition,
              ...(label === "" ? {} : { label }),
              ...(disabled ? { disabled: true } : {}),
            },
      ];
    }),
  );
}

const stepsIn = (definition: Definition): [string, Definition][] =>
  isDefinition(definition.steps)
    ? membersOf(definition.steps).map(([id, step]) => [id, isDefinition(step) ? step : {}])
    : [];

export function flowOf(definition: Definition): Flow {
  const steps = stepsIn(definition).map(([id, step]): FlowStep => {
    const adaptors = namesIn(step.adaptor).concat(namesIn(step.adaptors));
    return {
      id,
      title: textAt(step, "name") || id,
      adaptors,
      connection: textAt(step, "connection") || null,
      job: textAt(step, "job"),
      next: readEdges(step.next),
    };
  });
  const [first] = steps;
  const start =
    definition.start === undefined
      ? first === undefined
        ? []
        : [edgeTo(first.id)]
      : readEdges(definition.start);
  return { steps, start };
}

/** The edges that leave a step; without one, those from the trigger. */
export const edgesFrom = (flow: Flow, from: string | null): FlowEdge[] =>
  from === null ? flow.start : (flow.steps.find(({ id }) => id === from)?.next ?? []);

/** Whether one step can be reached from another; each reaches itself. */
export function reaches(flow: Flow, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === to) {
      return true;
    }
    if (!seen.has(id)) {
      seen.add(id);
      open.push(...edgesFrom(flow, id).map((edge) => edge.to));
    }
  }
  return false;
}

/** The steps that a new edge may lead to: there is none yet, and no circle would come of it. */
export function targetsOf(flow: Flow, from: string | null): FlowStep[] {
  const taken = new Set(edgesFrom(flow, from).map(({ to }) => to));
  return flow.steps.filter(
    ({ id }) => !taken.has(id) && (from === null || !reaches(flow, id, from)),
  );
}

/** The steps in the order in which a run meets them, then those that none meets. */
export function inOrder(flow: Flow): FlowStep[] {
  const byId = new Map(flow.steps.map((step) => [step.id, step]));
  const after: FlowStep[] = [];
  const seen = new Set<string>();
  const visit = (id: string) => {
    const step = byId.get(id);
    if (step === undefined || seen.has(id)) {
      return;
    }
    seen.add(id);
    // What comes later is put first, and all of it turned round: a step stands behind all before it.
    for (const edge of step.next.toReversed()) {
      visit(edge.to);
    }
    after.push(step);
  };
  for (const edge of flow.start.toReversed()) {
    visit(edge.to);
  }
  return [...after.reverse(), ...flow.steps.filter(({ id }) => !seen.has(id))];
}

/** A definition with other edges from a step, or from the trigger. */
export function withEdges(
  definition: Definition,
  from: string | null,
  edges: readonly FlowEdge[],
): Definition {
  const written = writeEdges(edges);
  if (from === null) {
    return without({ ...definition, start: written }, written === undefined ? ["start"] : []);
  }
  return changedSteps(definition, (id, step) =>
    id === from
      ? [id, without({ ...step, next: written }, written === undefined ? ["next"] : [])]
      : [id, step],
  );
}

function without(definition: Definition, keys: readonly string[]): Definition {
  return ordered(membersOf(definition).filter(([key]) => !keys.includes(key)));
}

function changedSteps(
  definition: Definition,
  change: (id: string, step: Definition) => [string, Definition] | null,
): Definition {
  const steps = stepsIn(definition).flatMap(([id, step]) => {
    const changed = change(id, step);
    return changed === null ? [] : [changed];
  });
  return { ...definition, steps: ordered(steps) };
}

/** An id that no step has: `step`, `step-2`, and so on. */
export function freeId(flow: Flow, wanted: string): string {
  const taken = new Set(flow.steps.map(({ id }) => id));
  let id = wanted;
  for (let number = 2; taken.has(id); number += 1) {
    id = `${wanted}-${number}`;
  }
  return id;
}

/** A definition with one more step, behind another or at the start. */
export function withNewStep(
  definition: Definition,
  after: string | null,
  id: string,
  step: Definition,
): Definition {
  const flow = flowOf(definition);
  const grown = {
    ...definition,
    steps: ordered([...stepsIn(definition), [id, step]]),
  };
  if (after === null && flow.steps.length === 0) {
    return grown;
  }
  return withEdges(grown, after, [...edgesFrom(flow, after), edgeTo(id)]);
}

/** A definition without a step. What began with it begins with what followed it. */
export function withoutStep(definition: Definition, gone: string): Definition {
  const { start, steps } = flowOf(definition);
  const followed = steps.find(({ id }) => id === gone)?.next ?? [];
  const shrunk = changedSteps(definition, (id, step) => {
    if (id === gone) {
      return null;
    }
    const next = writeEdges(readEdges(step.next).filter(({ to }) => to !== gone));
    return [id, without({ ...step, next }, next === undefined ? ["next"] : [])];
  });
  const kept = start.filter(({ to }) => to !== gone);
  if (kept.length === start.length) {
    return shrunk;
  }
  const begins = kept.length > 0 ? kept : followed.map(({ to }) => edgeTo(to));
  return withEdges(shrunk, null, begins);
}

/** A definition in which a step has another id, wherever it is named. */
export function withRenamedStep(definition: Definition, from: string, to: string): Definition {
  const renamed = (edges: FlowEdge[]) =>
    writeEdges(edges.map((edge) => (edge.to === from ? { ...edge, to } : edge)));
  const changed = changedSteps(definition, (id, step) => [
    id === from ? to : id,
    step.next === undefined ? step : { ...step, next: renamed(readEdges(step.next)) },
  ]);
  const { trigger, start } = definition;
  return {
    ...changed,
    ...(start === undefined ? {} : { start: renamed(readEdges(start)) }),
    ...(isDefinition(trigger) && trigger.cursor_step === from
      ? { trigger: { ...trigger, cursor_step: to } }
      : {}),
  };
}

/** A definition as it is saved: each step has a job, even one that says nothing. */
export const withJobs = (definition: Definition): Definition =>
  changedSteps(definition, (id, step) => [id, { ...step, job: step.job ?? "" }]);
