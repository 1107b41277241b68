// Conditions of edges: expressions over the state that a step left.

import { closeEval } from "fieldpost:globals";
import { console } from "fieldpost:console";

/** Judges the conditions in their order; `compile` makes a function of one of them. */
export function decide(state, upstream, conditions, compile) {
  globalThis.console = console;
  const value = state === undefined ? undefined : JSON.parse(state);
  const functions = conditions.map((condition) => compile(condition));
  closeEval();
  return functions.map((holds) => Boolean(holds(value, upstream)));
}
