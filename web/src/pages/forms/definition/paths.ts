// The paths of all that the editor has a field for, so that what the hub says of one is shown there. The path
// of a whole row is among them: what is wrong with it, and not with one of its fields, stands at its head.
// Pure.
import type { Definition } from "../../../definitions/definition";
import { kindOf } from "./actions";
import { functionsOf, GLOBAL_ACTIONS, idsAt, listAt, STATUSES } from "./shape";

const ABOUT = [
  ...["title", "description", "category", "keywords", "disabled", "only_allow_one"],
  ...["submitters", "submission_roles", "tracking_codes", "drafts", "drafts.lifespan"],
  ...["drafts.max_per_user", "tracking_codes.verify"],
  ...["digest", "id_template", "geolocation", "lifecycle.name"],
];

const FIELD_KEYS = [
  ...["name", "id", "label", "type", "required", "hint", "condition", "anonymise", "display"],
  ...["items", "columns", "rows", "template"],
];

const ACTION_KEYS: Record<string, readonly string[]> = {
  jump: ["jump", "trigger", "timeout", "by", "label", "marker"],
  call: [
    ...["connection", "label", "name", "path", "method", "post", "files", "post_data", "query"],
    ...["response", "file_field", "record_errors", "notify_on_errors"],
    ...["app", "4xx", "5xx", "bad_data", "network"].map((key) => `on_error.${key}`),
  ].map((key) => `call.${key}`),
  comment: ["name", "label", "required", "by"],
  mail: ["mail.to", "mail.subject", "mail.body"],
  edit: ["label", "then", "by"],
  attach: ["name", "label", "required", "by", "visible_to", "file_field"],
  geolocate: ["geolocate", "overwrite"],
  anonymise: ["anonymise"],
  set: ["set"],
  criticality: ["criticality"],
  assign: ["assign"],
};

const under = (path: string, keys: readonly string[]) => [
  path,
  ...keys.map((key) => `${path}.${key}`),
];

function ofFields(around: Definition, list: string, at = list): string[] {
  return listAt(around, list).flatMap((field, index) => {
    const path = `${at}[${index}]`;
    return [...under(path, FIELD_KEYS), ...ofFields(field, "fields", `${path}.fields`)];
  });
}

function ofActions(definition: Definition, around: string): string[] {
  return listAt(definition, `${around}.actions`).flatMap((action, index) => {
    const keys = ACTION_KEYS[kindOf(action) ?? ""] ?? [];
    return under(`${around}.actions[${index}]`, [...keys, "condition", "id"]);
  });
}

export function pathsOf(definition: Definition): string[] {
  const statuses = idsAt(definition, STATUSES).map((id) => `${STATUSES}.${id}`);
  const global = idsAt(definition, GLOBAL_ACTIONS).map((id) => `${GLOBAL_ACTIONS}.${id}`);
  return [
    ...ABOUT,
    ...ofFields(definition, "fields"),
    ...ofFields(definition, "lifecycle.backoffice_fields"),
    ...functionsOf(definition).map(({ id }) => `lifecycle.functions.${id}`),
    ...statuses.flatMap((path) => under(path, ["name", "endpoint", "visible_to", "colour"])),
    ...statuses.flatMap((path) => ofActions(definition, path)),
    ...global.flatMap((path) =>
      under(path, ["name", "by", "hook", "timeout.since", "timeout.after"]),
    ),
    ...global.flatMap((path) => ofActions(definition, path)),
    ...listAt(definition, "lifecycle.criticality_levels").flatMap((_, index) =>
      under(`lifecycle.criticality_levels[${index}]`, ["name", "colour"]),
    ),
  ];
}

/** Whether something in a row is wrong. */
export const isWithin = (row: string, path: string): boolean =>
  path === row || path.startsWith(`${row}.`) || path.startsWith(`${row}[`);
