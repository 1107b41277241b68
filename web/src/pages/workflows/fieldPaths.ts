// The paths of the fields of a workflow, for the mistakes that they can show: which field is wrong is
// known before the panel that has it is there.
import type { Definition } from "../../definitions/definition";
import { flowOf } from "./graph";

export const RETRY_KEYS = ["tries", "first", "factor", "max"] as const;

/** Of one step. */
export const stepFields = (id: string): string[] =>
  ["", ".name", ".adaptor", ".connection", ".job", ".next", ".timeout", ".memory"]
    .concat(RETRY_KEYS.map((key) => `.retry.${key}`))
    .map((key) => `steps.${id}${key}`);

const KEYS = [
  ...["event", "source", "match", "unless", "headers", "query", "forms", "case_types"],
  ...["applications", "users", "without_users", "format", "reply"],
  ...["cron", "time_zone", "overlap", "catch_up", "cursor_step"],
];
/** Of what sets it off. */
export const TRIGGER_FIELDS: readonly string[] = [
  "start",
  "trigger",
  ...KEYS.map((key) => `trigger.${key}`),
];

/** Of how runs go on. */
export const SETTING_FIELDS = ["concurrency", "order_by", "join", "timeout", "keep"];

/** Of all of it. */
export const fieldsOf = (definition: Definition): string[] => [
  ...TRIGGER_FIELDS,
  ...SETTING_FIELDS,
  "title",
  ...flowOf(definition).steps.flatMap(({ id }) => stepFields(id)),
];
