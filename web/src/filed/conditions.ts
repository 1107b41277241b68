// Conditions on fields as addresses and the hub write them: `values.age>=18`, `!values.village`.

export const OPERATORS = ["=", "!=", "~", "<", "<=", ">", ">="] as const;
export type Operator = (typeof OPERATORS)[number];

/** What is asked of a field: a comparison, or whether there is anything at all. */
export type Asked = Operator | "present" | "absent";
export const ASKED: readonly Asked[] = [...OPERATORS, "present", "absent"];

export interface FieldCondition {
  /** Without what all fields stand below. */
  path: string;
  asked: Asked;
  /** Empty where nothing is compared. */
  value: string;
}

/** What all fields of a list stand below. */
export type Root = "values" | "properties";

/** Of two that begin alike the longer one is looked for first; a colon is another way to write `=`. */
const SIGNS: [string, Operator][] = [
  ["!=", "!="],
  ["<=", "<="],
  [">=", ">="],
  ["=", "="],
  [":", "="],
  ["~", "~"],
  ["<", "<"],
  [">", ">"],
];
const PATH = /^(?:"(?:[^"\\]|\\.)*"|[^"=:!~<>])*/;

/** Reads a condition; null for what is none, as somebody typed it into the address. */
export function readCondition(text: string, root: Root): FieldCondition | null {
  const isAbsent = text.startsWith("!");
  const asked = isAbsent ? text.slice(1) : text;
  const whole = PATH.exec(asked)?.[0] ?? "";
  const rest = asked.slice(whole.length);
  if (!whole.startsWith(`${root}.`) || whole.length === root.length + 1) {
    return null;
  }
  const path = whole.slice(root.length + 1);
  if (rest === "") {
    return { path, asked: isAbsent ? "absent" : "present", value: "" };
  }
  const sign = isAbsent ? undefined : SIGNS.find(([written]) => rest.startsWith(written));
  return sign === undefined ? null : { path, asked: sign[1], value: rest.slice(sign[0].length) };
}

/** A condition as it stands in addresses. */
export function writeCondition({ path, asked, value }: FieldCondition, root: Root): string {
  switch (asked) {
    case "present":
      return `${root}.${path}`;
    case "absent":
      return `!${root}.${path}`;
    default:
      return `${root}.${path}${asked}${value}`;
  }
}
