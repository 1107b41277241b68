import { describe, expect, test } from "vitest";
import {
  type Definition,
  readDefinition,
  type Value,
  withValue,
  writeDefinition,
} from "../../definitions/definition";
import { parseJson } from "../../payload/json";
import {
  edgeTo,
  flowOf,
  freeId,
  inOrder,
  reaches,
  readEdges,
  targetsOf,
  withEdges,
  withNewStep,
  withoutStep,
  withRenamedStep,
  writeEdges,
} from "./graph";

const REGISTER: Definition = {
  trigger: { cron: "0 * * * *", cursor_step: "load" },
  steps: {
    load: { name: "Load", adaptor: "dhis2", next: { report: "on_job_failure", more: "always" } },
    report: { adaptors: ["http", "common"], connection: "ops", job: "post('/')" },
    more: { job: "", next: "report" },
  },
};

describe("edges are read, and written as short as they can be", () => {
  test.each<[string, Value | undefined, Value | undefined]>([
    ["none", undefined, undefined],
    ["a step", "a", "a"],
    ["an empty object", {}, undefined],
    ["a condition by its word", { a: "on_job_success" }, { a: "on_job_success" }],
    ["true is always", { a: true }, "a"],
    ["an expression", { a: "state.x > 1", b: "always" }, { a: "state.x > 1", b: "always" }],
    ["false is never", { a: false }, { a: { condition: "always", disabled: true } }],
    [
      "a label",
      { a: { condition: "on_job_failure", label: "alarm" } },
      { a: { condition: "on_job_failure", label: "alarm" } },
    ],
    [
      "an object that says nothing more",
      { a: { condition: "always" }, b: {} },
      { a: "always", b: "always" },
    ],
  ])("%s", (_, written, again) => {
    expect(writeEdges(readEdges(written))).toEqual(again);
  });
});

test("a run begins with the first step, unless the definition says where", () => {
  expect(flowOf(REGISTER).start).toEqual([edgeTo("load")]);
  expect(flowOf({ ...REGISTER, start: "more" }).start).toEqual([edgeTo("more")]);
  expect(flowOf({}).start).toEqual([]);
});

test("steps are read with their adaptors by either key", () => {
  const [load, report, more] = flowOf(REGISTER).steps;
  expect(load).toMatchObject({ title: "Load", adaptors: ["dhis2"], connection: null });
  expect(report).toMatchObject({
    title: "report",
    adaptors: ["http", "common"],
    connection: "ops",
  });
  expect(more?.adaptors).toEqual([]);
});

test("steps stand behind all that lead to them, and loose ones at the end", () => {
  const loose = withNewStep(REGISTER, "more", "last", {});
  const definition = withEdges(loose, "more", [edgeTo("report")]);
  expect(inOrder(flowOf(definition)).map(({ id }) => id)).toEqual([
    "load",
    "more",
    "report",
    "last",
  ]);
});

test("an edge is offered where none is, and where it makes no circle", () => {
  const flow = flowOf(REGISTER);
  expect(reaches(flow, "load", "report")).toBe(true);
  expect(reaches(flow, "report", "load")).toBe(false);
  expect(targetsOf(flow, "load")).toEqual([]);
  expect(targetsOf(flow, "report")).toEqual([]);
  expect(targetsOf(flow, null).map(({ id }) => id)).toEqual(["report", "more"]);
});

describe("a new step", () => {
  test("is the start where there is no other", () => {
    expect(withNewStep({}, null, "a", { job: "" })).toEqual({ steps: { a: { job: "" } } });
  });
  test("stands behind the one that was meant", () => {
    const { steps } = flowOf(withNewStep(REGISTER, "report", "a", {}));
    expect(steps.find(({ id }) => id === "report")?.next).toEqual([edgeTo("a")]);
  });
  test("at the start stands beside the first", () => {
    expect(flowOf(withNewStep(REGISTER, null, "a", {})).start).toEqual([
      edgeTo("load"),
      edgeTo("a"),
    ]);
  });
  test("has an id of its own", () => {
    expect(freeId(flowOf(REGISTER), "load")).toBe("load-2");
    expect(freeId(flowOf(REGISTER), "a")).toBe("a");
  });
});

describe("a step that goes", () => {
  test("leaves no edge behind", () => {
    const { steps } = flowOf(withoutStep(REGISTER, "report"));
    expect(steps.map(({ id, next }) => [id, next.map(({ to }) => to)])).toEqual([
      ["load", ["more"]],
      ["more", []],
    ]);
  });
  test("hands the start to what followed it", () => {
    expect(flowOf(withoutStep(REGISTER, "load")).start.map(({ to }) => to)).toEqual([
      "report",
      "more",
    ]);
  });
});

test("a step with another id is named so everywhere, in its place", () => {
  const renamed = withRenamedStep({ ...REGISTER, start: "load" }, "load", "fetch");
  expect(flowOf(renamed).steps.map(({ id }) => id)).toEqual(["fetch", "report", "more"]);
  expect(renamed).toMatchObject({ start: "fetch", trigger: { cursor_step: "fetch" } });
  const again = withRenamedStep(renamed, "report", "tell");
  expect(flowOf(again).steps.map(({ next }) => next.map(({ to }) => to))).toEqual([
    ["tell", "more"],
    [],
    ["tell"],
  ]);
});

test("steps whose ids are whole numbers keep the order in which they were written", () => {
  const text =
    '{"steps":{"b":{"job":"","next":{"10":"always","a":"always","2":"on_job_failure"}},' +
    '"10":{"job":""},"a":{"job":""},"2":{"job":""}}}';
  const definition = readDefinition(parseJson(text));
  expect(writeDefinition(definition)).toBe(text);
  const { steps, start } = flowOf(definition);
  expect(steps.map(({ id }) => id)).toEqual(["b", "10", "a", "2"]);
  expect(steps[0]?.next.map(({ to }) => to)).toEqual(["10", "a", "2"]);
  expect(start.map(({ to }) => to)).toEqual(["b"]);
  const idsOf = (changed: Definition) => flowOf(changed).steps.map(({ id }) => id);
  expect(idsOf(withNewStep(definition, "a", "1", { job: "" }))).toEqual(["b", "10", "a", "2", "1"]);
  expect(idsOf(withoutStep(definition, "a"))).toEqual(["b", "10", "2"]);
  expect(idsOf(withRenamedStep(definition, "10", "7"))).toEqual(["b", "7", "a", "2"]);
  const edited = withValue(definition, "steps.a.name", "A");
  expect(idsOf(withValue(edited, "steps.0.job", "x"))).toEqual(["b", "10", "a", "2", "0"]);
});
