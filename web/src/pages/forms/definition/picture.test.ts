import { expect, test } from "vitest";
import { readDefinition } from "../../../definitions/definition";
import { formEditor as words } from "../../../i18n/en/formEditor";
import { parseJson } from "../../../payload/json";
import { kindsFor, newAction, toldAction, toldWhen } from "./actions";
import { isEnd, lifecycleFlow } from "./picture";

/** A key of edits; written so, as an object with it looks like a promise to the linter. */
const THEN = "then";

const of = (value: unknown) => readDefinition(parseJson(JSON.stringify(value)));

test("each way between two statuses is one line, with the words of all that leads along it", () => {
  const flow = lifecycleFlow(
    of({
      lifecycle: {
        statuses: {
          new: {
            name: "New",
            actions: [
              { jump: "done", label: "Finish", by: ["_receiver"] },
              { jump: "done", timeout: "3d" },
              { jump: "done", timeout: "3d" },
              { jump: "new", trigger: "again" },
              { jump: "_previous" },
              {
                call: {
                  connection: "x",
                  on_error: { "5xx": { jump: "trouble" }, network: "stop" },
                },
              },
              { edit: true, [THEN]: "trouble", by: ["_receiver"] },
            ],
          },
          trouble: { actions: [{ jump: "done", by: ["_receiver"] }] },
          done: {},
        },
      },
    }),
    words,
  );
  expect(flow.start.map(({ to }) => to)).toEqual(["new"]);
  const ways = flow.steps.flatMap(({ id, next }) =>
    next.map(({ to, label }) => `${id} → ${to}: ${label}`),
  );
  expect(ways).toEqual([
    "new → done: Finish · after 3d",
    "new → trouble: on 5xx · Change the answers",
    "trouble → done: by hand",
  ]);
  expect(flow.steps.map(({ title, adaptors }) => [title, ...adaptors])).toEqual([
    ["New", "7 actions"],
    ["trouble", "1 action"],
    ["done", "end"],
  ]);
});

test.each([
  [{}, true],
  [{ actions: [{ mail: {} }, { set: {} }] }, true],
  [{ actions: [{ comment: true }] }, false],
  [{ actions: [{ jump: "x" }] }, false],
  [{ endpoint: true, actions: [{ comment: true }] }, true],
])("%j is an end: %s", (status, expected) => {
  expect(isEnd(of(status))).toBe(expected);
});

const names = { words, status: (id: string) => id.toUpperCase(), who: (id: string) => id.slice(1) };

test.each([
  [{ jump: "done", label: "Finish", by: ["_desk"] }, "“Finish”: go to DONE", "by desk"],
  [{ jump: "_previous" }, "go to the status before", "at once"],
  [
    { jump: "done", trigger: "end", timeout: "3d", condition: "a" },
    "go to DONE",
    "called as end · after 3d · if a",
  ],
  [{ call: { connection: "works", label: "Order" } }, "call Order", ""],
  [{ comment: true, by: ["_desk", "_a"] }, "Comment, by desk, a", ""],
  [{ mail: { to: ["_desk"] } }, "mail to desk", ""],
  [{ set: { a: "1", b: "2" } }, "fill in a, b", ""],
  [{ assign: { _desk: "x" } }, "give desk to another role", ""],
  [{ delete: true }, "Delete the submission", ""],
  [{ dance: true }, "something that this page does not know", ""],
])("%j is told as %s", (action, what, when) => {
  expect(toldAction(of(action), names)).toBe(what);
  expect(toldWhen(of(action), names)).toBe(when);
});

test("a global action waits for nobody", () => {
  expect(kindsFor(false)).toContain("edit");
  expect(kindsFor(true).filter((kind) => ["comment", "edit", "attach"].includes(kind))).toEqual([]);
});

test("a new action has what it cannot lack", () => {
  const around = {
    statuses: ["done"],
    connections: ["works"],
    maps: ["where"],
    added: ["decision"],
    roles: ["desk"],
    isGlobal: false,
  };
  expect(newAction("jump", around)).toEqual({ jump: "done", by: ["_receiver"] });
  expect(newAction("jump", { ...around, isGlobal: true })).toEqual({ jump: "done" });
  expect(newAction("call", around)).toEqual({ call: { connection: "works", post: true } });
  expect(newAction("set", around)).toEqual({ set: { decision: "" } });
  expect(newAction("assign", around)).toEqual({ assign: { _receiver: "desk" } });
  expect(newAction("attach", around)).toEqual({ attach: true, by: ["_receiver"] });
});
