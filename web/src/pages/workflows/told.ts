// What sets a workflow off, in a few words. Pure.
import { type Definition, textAt } from "../../definitions/definition";
import type { FlowWords } from "../../i18n/flows";
import { isEvent, kindOf, triggerOf } from "./trigger";

const ASKED = [
  ...["match", "unless", "headers", "query", "forms", "case_types", "applications"],
  ...["users", "without_users"],
];

export function toldTrigger(definition: Definition, words: FlowWords["workflows"]): string {
  const { told, kinds } = words;
  const kind = kindOf(definition);
  const trigger = triggerOf(definition);
  if (kind === "manual") {
    return told.manual;
  }
  if (kind === "cron") {
    return told.cron(textAt(trigger, "cron"), textAt(trigger, "time_zone") || "UTC");
  }
  if (!isEvent(kind)) {
    return kinds[kind];
  }
  const source = textAt(trigger, "source");
  const what = kind === "message" ? told.message(source) : told.event(kinds[kind], source);
  return ASKED.some((key) => trigger[key] !== undefined) ? told.filtered(what) : what;
}

/** What a workflow is called where it is shown. */
export const titleOf = (name: string, definition: Definition): string =>
  textAt(definition, "title") || name;
