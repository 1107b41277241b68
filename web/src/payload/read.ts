// What a payload is: a tree where it is JSON or XML, a text, or bytes that nobody can read.
import { parseJson } from "./json";
import { type TreeNode, treeOfJson } from "./tree";
import { treeOfXml } from "./xml";

export type Payload =
  | { kind: "empty" }
  | { kind: "tree"; syntax: "json" | "xml"; root: TreeNode; text: string }
  | {
      kind: "text";
      text: string;
      /** Too long to be read as a tree unasked; `foldText` does it. */
      mayFold: boolean;
    }
  | { kind: "binary"; bytes: number }
  | { kind: "too-long"; bytes: number };

/** Longer texts are not read as a tree unasked: it would hold up the page for a blink of the eye and
 *  longer. */
export const MOST_FOLDED_CHARACTERS = 1024 * 1024;
/** More than this is for a file, not for a page. */
export const MOST_BYTES = 16 * 1024 * 1024;
const NUL = "\u0000";

/** Reads the bytes of a payload; what it claims to be does not matter, only what it is. */
export function readPayload(bytes: Uint8Array): Payload {
  if (bytes.length === 0) {
    return { kind: "empty" };
  }
  if (bytes.length > MOST_BYTES) {
    return { kind: "too-long", bytes: bytes.length };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { kind: "binary", bytes: bytes.length };
  }
  if (text.includes(NUL)) {
    return { kind: "binary", bytes: bytes.length };
  }
  return readText(text);
}

/** Reads a text, as a tree where it is not too long for that. */
export function readText(text: string): Payload {
  return text.length > MOST_FOLDED_CHARACTERS
    ? { kind: "text", text, mayFold: true }
    : foldText(text);
}

/** Reads a text as a tree, however long it is. */
export function foldText(text: string): Payload {
  const begin = text.trimStart();
  if (begin === "") {
    return text === "" ? { kind: "empty" } : { kind: "text", text, mayFold: false };
  }
  if (begin.startsWith("<")) {
    const root = treeOfXml(begin);
    return root === null
      ? { kind: "text", text, mayFold: false }
      : { kind: "tree", syntax: "xml", root, text };
  }
  try {
    return { kind: "tree", syntax: "json", root: treeOfJson(parseJson(text)), text };
  } catch {
    return { kind: "text", text, mayFold: false };
  }
}
