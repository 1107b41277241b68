// The lifecycle of a form as a graph: its statuses, and the ways from one to another. It has the shape that
// the picture of a workflow is drawn from. Pure.
import { type Definition, textAt } from "../../../definitions/definition";
import type { OwnFormWords } from "../../../i18n/ownForms";
import { edgeTo, type Flow, type FlowEdge } from "../../workflows/graph";
import { failuresOf, kindOf } from "./actions";
import { listAt, PREVIOUS, statusesOf, whoAt } from "./shape";

/** Whether a submission that came there stays: nothing waits for anybody, and nothing leads on. */
export function isEnd(status: Definition): boolean {
  const leadsOn = ["jump", "comment", "edit", "attach"];
  const kinds = listAt(status, "actions").map((action) => kindOf(action) ?? "");
  return status.endpoint === true || !kinds.some((kind) => leadsOn.includes(kind));
}

/** What stands at a way: what is pressed, what is called, how long it takes, or on what condition. */
function wordOf(jump: Definition, words: OwnFormWords["formEditor"]): string {
  const { told } = words;
  const [label, trigger, timeout] = ["label", "trigger", "timeout"].map((key) => textAt(jump, key));
  if (label) {
    return label;
  }
  if (trigger) {
    return told.trigger(trigger);
  }
  if (timeout) {
    return told.timeout(timeout);
  }
  return whoAt(jump, "by").length > 0 ? told.byHand : textAt(jump, "condition");
}

/** Several ways to one status are one line, with the words of each. */
function joined(ways: readonly { to: string; word: string }[]): FlowEdge[] {
  const byStatus = new Map<string, string[]>();
  for (const { to, word } of ways) {
    const known = byStatus.get(to) ?? [];
    byStatus.set(to, word === "" || known.includes(word) ? known : [...known, word]);
  }
  return [...byStatus].map(([to, all]) => ({ ...edgeTo(to), label: all.join(" · ") }));
}

function waysFrom(id: string, status: Definition, words: OwnFormWords["formEditor"]): FlowEdge[] {
  const ways = listAt(status, "actions").flatMap((action) => [
    { to: textAt(action, "jump"), word: wordOf(action, words) },
    { to: textAt(action, "then"), word: textAt(action, "label") || words.actions.edit },
    ...failuresOf(action).map(({ to, what }) => ({ to, word: words.told.failed(what) })),
  ]);
  return joined(ways.filter(({ to }) => to !== "" && to !== PREVIOUS && to !== id));
}

export function lifecycleFlow(definition: Definition, words: OwnFormWords["formEditor"]): Flow {
  const statuses = statusesOf(definition);
  const [first] = statuses;
  return {
    steps: statuses.map(([id, status]) => ({
      id,
      title: textAt(status, "name") || id,
      adaptors: [isEnd(status) ? words.end : words.actionCount(listAt(status, "actions").length)],
      connection: null,
      job: "",
      next: waysFrom(id, status, words),
    })),
    start: first === undefined ? [] : [edgeTo(first[0])],
  };
}
