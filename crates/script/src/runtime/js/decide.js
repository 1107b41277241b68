// Conditions of edges: expressions over the state that a step left.

import { closeEval } from "fieldpost:globals";
import { console } from "fieldpost:console";

/** Judges the conditions in their order; `compile` makes a function of one of them. */
export function decide(state, upstream, conditions, compile) {
  globalThis.console = console;
  const value = state === undefined ? undefined : JSON.parse(state);
  const functions = conditions.map((condition) => naming(condition, () => compile(condition)));
  closeEval();
  return functions.map((holds, at) => naming(conditions[at], () => Boolean(holds(value, upstream))));
}

/** How much of a condition an error repeats, in characters. */
const TOLD = 100;

/** What `work` gives; its error says by which condition it came, since a step may have several edges. */
function naming(condition, work) {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const told = condition.length > TOLD ? `${condition.slice(0, TOLD)}…` : condition;
    throw new Error(`${why} (in the condition \`${told}\`)`);
  }
}
