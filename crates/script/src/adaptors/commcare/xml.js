// JSON as XML, for forms: `@` has the attributes of an element, `#` its text, lists repeat it.

const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (value) => String(value).replace(forbidden, "").replace(/[&<>"]/g, (sign) => signs[sign]);

const name = /^[\p{L}_][\p{L}\p{N}_.:-]*$/u;

function element(tag, value) {
  if (!name.test(tag)) throw new Error(`"${tag}" cannot be the name of an element of XML`);
  if (Array.isArray(value)) return value.map((one) => element(tag, one)).join("");
  if (value === null || value === undefined) return `<${tag}/>`;
  if (value instanceof Date) return element(tag, value.toISOString());
  if (typeof value !== "object") return `<${tag}>${escaped(value)}</${tag}>`;
  const { "@": attributes = {}, "#": text = "", ...inner } = value;
  const shown = Object.entries(attributes).map(([key, one]) => ` ${key}="${escaped(one)}"`);
  const content = Object.entries(inner).map(([key, one]) => element(key, one));
  return `<${tag}${shown.join("")}>${escaped(text)}${content.join("")}</${tag}>`;
}

/** A document of one element. */
export function toXml(root, value) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, value)}`;
}
