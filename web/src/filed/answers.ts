// Answers as the hub gives them, and what they are for people to read. Their numbers keep the digits
// that were sent.
import { type JsonNode, member, prettyJson, writeJson } from "../payload/json";
import { namesOf } from "./path";

/** What an answer is. */
export type Told =
  | { kind: "none" }
  | { kind: "text"; text: string }
  | { kind: "number"; text: string }
  | { kind: "boolean"; value: boolean }
  /** Several choices. */
  | { kind: "list"; texts: string[] }
  | { kind: "file"; name: string }
  | { kind: "point"; latitude: string; longitude: string; accuracy: string | null }
  /** A line or an area, of so many positions. */
  | { kind: "shape"; positions: number }
  /** The entries of a repeat. */
  | { kind: "entries"; items: JsonNode[] }
  | { kind: "group"; node: JsonNode };

/** The answer at a path; undefined where nothing stands. */
export function answerAt(values: JsonNode | null, path: string): JsonNode | undefined {
  let node: JsonNode | undefined = values ?? undefined;
  for (const name of namesOf(path)) {
    node = node === undefined ? undefined : member(node, name);
  }
  return node;
}

export function told(node: JsonNode | undefined): Told {
  if (node === undefined) {
    return { kind: "none" };
  }
  switch (node.kind) {
    case "null":
      return { kind: "none" };
    case "string":
      return { kind: "text", text: node.value };
    case "number":
      return { kind: "number", text: node.text };
    case "boolean":
      return { kind: "boolean", value: node.value };
    case "array":
      return toldOfList(node.items);
    case "object":
      return geometryOf(node) ?? fileOf(node) ?? { kind: "group", node };
  }
}

function toldOfList(items: JsonNode[]): Told {
  const isEntries = items.some(({ kind }) => kind === "object" || kind === "array");
  return isEntries ? { kind: "entries", items } : { kind: "list", texts: items.map(plainText) };
}

function fileOf(node: JsonNode): Told | null {
  const name = member(node, "filename");
  return name?.kind === "string" ? { kind: "file", name: name.value } : null;
}

/** GeoJSON has the longitude first; people say the latitude first. */
function geometryOf(node: JsonNode): Told | null {
  const kind = member(node, "type");
  const coordinates = member(node, "coordinates");
  if (kind?.kind !== "string" || coordinates?.kind !== "array") {
    return null;
  }
  switch (kind.value) {
    case "Point": {
      const [longitude, latitude] = coordinates.items;
      if (longitude?.kind !== "number" || latitude?.kind !== "number") {
        return null;
      }
      const properties = member(node, "properties");
      const accuracy = properties === undefined ? undefined : member(properties, "accuracy");
      return {
        kind: "point",
        latitude: latitude.text,
        longitude: longitude.text,
        accuracy: accuracy?.kind === "number" ? accuracy.text : null,
      };
    }
    case "LineString":
      return { kind: "shape", positions: coordinates.items.length };
    case "Polygon": {
      const [ring] = coordinates.items;
      return ring?.kind === "array" ? { kind: "shape", positions: ring.items.length - 1 } : null;
    }
    default:
      return null;
  }
}

/** A value in one line, without quotes around texts. */
export function plainText(node: JsonNode): string {
  return node.kind === "string" ? node.value : writeJson(node);
}

/** A value that no form describes, for people to read. */
export const prettyText = (node: JsonNode): string =>
  node.kind === "string" ? node.value : prettyJson(node);

/** Deeper groups than this are no questions of a form. */
const MOST_LEVELS = 20;

/** The paths of all answers, for a form that nobody has described. */
export function pathsOf(values: JsonNode | null, before = "", level = 0): string[] {
  if (values?.kind !== "object" || level > MOST_LEVELS) {
    return [];
  }
  return values.members.flatMap(({ key, value }) => {
    const name = /[.[\]"`\s=:!~<>,]/u.test(key) || key === "" ? JSON.stringify(key) : key;
    const path = before === "" ? name : `${before}.${name}`;
    return told(value).kind === "group" ? pathsOf(value, path, level + 1) : [path];
  });
}
