// The answers of a submission as a form changes them: what a control begins with, and what is sent of it. Only
// what somebody has changed is sent; all else stays as it is, and so does what this form has no control for.
// Pure.
import { type Definition, isDefinition, textAt } from "../../definitions/definition";
import { answerAt, told } from "../../filed/answers";
import { type JsonNode, member } from "../../payload/json";
import { hasColumns, hasItems, isLayout, keyedFields, listAt } from "../forms/definition/shape";

/** A file inside JSON, as the API takes it. */
export interface SentFile {
  filename: string;
  content_type: string;
  content: string;
}

/** What is sent of an answer. Numbers are texts: they keep the digits that were typed. */
export type Sent = null | string | boolean | SentFile | Sent[] | { [key: string]: Sent };

export interface AskedField {
  key: string;
  type: string;
  label: string;
  hint: string;
  required: boolean;
  /** What can be chosen; empty where it is not known. */
  items: { value: string; label: string }[];
  columns: string[];
  /** The fields of a block. */
  fields: AskedField[];
}

/** The fields of a form in their order; what is only looked at is left out. */
export function askedIn(definition: Definition, list = "fields"): AskedField[] {
  const fields = listAt(definition, list).filter((field) => !isLayout(textAt(field, "type")));
  return keyedFields(fields).flatMap(({ key, type, label }, index) => {
    const field = fields[index] ?? {};
    return type === "computed"
      ? []
      : [
          {
            key,
            type,
            label,
            hint: textAt(field, "hint"),
            required: field.required === true,
            items: hasItems(type) ? itemsIn(field) : [],
            columns:
              hasColumns(type) && Array.isArray(field.columns) ? field.columns.map(String) : [],
            fields: type === "block" ? askedIn(field) : [],
          },
        ];
  });
}

function itemsIn(field: Definition): { value: string; label: string }[] {
  const items = Array.isArray(field.items) ? field.items : [];
  return items.map((item) => {
    if (!isDefinition(item)) {
      return { value: String(item), label: String(item) };
    }
    const value = textAt(item, "id");
    return { value, label: textAt(item, "text") || value };
  });
}

/** Whether the form has a control for it. The rows of a block are sent whole, so all in them must have one,
 *  and a file that is there already cannot be sent again. */
export const canChange = ({ type, fields }: AskedField): boolean =>
  type !== "block" ||
  fields.every((field) => !["file", "block"].includes(field.type) && !hasColumns(field.type));

/** What a control begins with. */
export function begun(field: AskedField, values: JsonNode | null): Sent {
  return sentOf(field, answerAt(values, field.key));
}

function sentOf({ type, columns, fields }: AskedField, node: JsonNode | undefined): Sent {
  const answer = told(node);
  if (type === "block") {
    const rows = answer.kind === "entries" ? answer.items : [];
    return rows.map((row) =>
      Object.fromEntries(fields.map((field) => [field.key, sentOf(field, member(row, field.key))])),
    );
  }
  if (hasColumns(type)) {
    const rows = answer.kind === "entries" ? answer.items : [];
    return rows.map((row) => columns.map((_, column) => textOf(member(row, `c${column + 1}`))));
  }
  switch (answer.kind) {
    case "boolean":
      return answer.value;
    case "list":
      return answer.texts;
    case "point":
      return `${answer.latitude};${answer.longitude}`;
    case "file":
      return answer.name;
    default:
      return type === "items" || type === "ranked-items" ? [] : textOf(node);
  }
}

function textOf(node: JsonNode | undefined): string {
  const answer = told(node);
  return answer.kind === "text" || answer.kind === "number" ? answer.text : "";
}

/** The two numbers of a position, and back. */
export const degreesOf = (sent: Sent): [string, string] => {
  const [latitude = "", longitude = ""] = typeof sent === "string" ? sent.split(";") : [];
  return [latitude, longitude];
};

export const positionOf = (latitude: string, longitude: string): string =>
  latitude.trim() === "" && longitude.trim() === "" ? "" : `${latitude.trim()};${longitude.trim()}`;

/** A new row of a block or a table. */
export const emptyRow = ({ columns, fields }: AskedField): Sent =>
  columns.length > 0
    ? columns.map(() => "")
    : Object.fromEntries(fields.map((field) => [field.key, sentOf(field, undefined)]));

const PIECE = 0x8000;

/** The bytes of a file as JSON carries them. */
export function inBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(text);
}
