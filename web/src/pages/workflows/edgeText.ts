// When an edge is taken, in a few words. Pure.
import type { FlowWords } from "../../i18n/flows";
import type { FlowEdge } from "./graph";

const MOST_CHARACTERS = 28;

/** A text that has room in the picture. */
export const shortened = (text: string) =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;

/** Empty for an edge that is always taken, and has no name. */
export function edgeText(edge: FlowEdge, words: FlowWords["workflows"]["graph"]): string {
  const { when, expression, label, disabled } = edge;
  if (disabled) {
    return words.disabled;
  }
  if (label !== "") {
    return label;
  }
  if (when === "expression") {
    return `${words.conditions.expression} ${expression}`;
  }
  return when === "always" ? "" : words.conditions[when];
}
