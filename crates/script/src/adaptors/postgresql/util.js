// SQL from a pattern, for statements that no other function makes.

import { quoteName, quoteText } from "@openfn/language-postgresql/client";

const list = (value, write) => [value].flat().map(write).join(", ");

function literal(value) {
  if (value === null || value === undefined) return "NULL";
  if (value === true || value === false) return `'${value ? "t" : "f"}'`;
  if (value instanceof Date) return quoteText(value.toISOString().replace("T", " ").replace("Z", "+00"));
  if (value instanceof Uint8Array) return `E'\\\\x${Buffer.from(value).toString("hex")}'`;
  if (Array.isArray(value)) return list(value, (item) => (Array.isArray(item) ? `(${list(item, literal)})` : literal(item)));
  if (typeof value === "object") return `${quoteText(JSON.stringify(value))}::jsonb`;
  return quoteText(String(value));
}

const bare = (value) => (value === null || value === undefined ? "" : Array.isArray(value) ? list(value, bare) : String(value));

/**
 * Writes values into a pattern: `%L` a value, `%I` a name, `%s` a text as it is, `%%` a percent sign.
 * @example sql(state => util.format("SELECT * FROM %I WHERE village IN (%L)", "births", state.data.villages))
 */
export function format(pattern, ...values) {
  let next = 0;
  const written = { L: literal, I: (value) => list(value, quoteName), s: bare };
  return String(pattern).replace(/%(?:%|(?:(\d+)\$)?([LIs]))/g, (found, place, kind) => {
    if (found === "%%") return "%";
    const at = place ? Number(place) - 1 : next++;
    if (at >= values.length) throw new Error(`The pattern wants more than ${values.length} values`);
    return written[kind](values[at]);
  });
}
