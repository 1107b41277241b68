// A payload as a tree of lines, whether it was JSON or XML: what is drawn, folded and searched.
import { type JsonNode, writeJson } from "./json";
import type { Steps } from "./path";

export type LeafKind = "string" | "number" | "boolean" | "null" | "text";

export interface TreeNode {
  /** Unique in its tree. */
  id: string;
  /** The name before the value: a member's key, an item's number, an element's name. */
  name: string | null;
  /** Where it stands in JSON; null in XML, where filters look at the parsed view instead. */
  steps: Steps | null;
  leaf: { kind: LeafKind; text: string; json: string | null } | null;
  /** Of what has children: what it is, and how many. */
  branch: {
    readonly kind: "object" | "array" | "element";
    readonly attributes: string;
    readonly children: TreeNode[];
  } | null;
}

const ROOT = "/";

/** Below an object or a list nothing is made before somebody looks there: payloads are megabytes,
 *  and screens a few lines. */
export function treeOfJson(
  node: JsonNode,
  steps: Steps = [],
  name: string | null = null,
  id: string = ROOT,
): TreeNode {
  switch (node.kind) {
    case "object": {
      const branch = lazily("object", () => membersOf(node.members, steps, id));
      return { id, name, steps, leaf: null, branch };
    }
    case "array": {
      const branch = lazily("array", () =>
        node.items.map((item, index) =>
          treeOfJson(item, [...steps, index], String(index), below(id, `[${index}]`)),
        ),
      );
      return { id, name, steps, leaf: null, branch };
    }
    case "string":
      return {
        id,
        name,
        steps,
        leaf: { kind: "string", text: node.value, json: writeJson(node) },
        branch: null,
      };
    default: {
      const text = writeJson(node);
      return { id, name, steps, leaf: { kind: node.kind, text, json: text }, branch: null };
    }
  }
}

type Members = Extract<JsonNode, { kind: "object" }>["members"];

/** A name may be there more than once: those after the first one are told apart by their number. */
function membersOf(members: Members, steps: Steps, id: string): TreeNode[] {
  const seen = new Map<string, number>();
  return members.map(({ key, value }) => {
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    const part = before === 0 ? JSON.stringify(key) : `${JSON.stringify(key)}#${before}`;
    return treeOfJson(value, [...steps, key], key, below(id, part));
  });
}

function below(id: string, part: string): string {
  return id === ROOT ? `${ROOT}${part}` : `${id}/${part}`;
}

function lazily(kind: "object" | "array", make: () => TreeNode[]): TreeNode["branch"] {
  let made: TreeNode[] | null = null;
  return {
    kind,
    attributes: "",
    get children() {
      made ??= make();
      return made;
    },
  };
}

/** A line of the drawn tree. */
export interface Line {
  node: TreeNode;
  depth: number;
  /** Which one it is of how many beside each other, from one. */
  place: number;
  among: number;
}

/** The lines that are in sight: those whose ancestors are all open. */
export function linesOf(
  root: TreeNode,
  isOpen: (node: TreeNode, depth: number) => boolean,
): Line[] {
  const lines: Line[] = [];
  const walk = (node: TreeNode, depth: number, place: number, among: number) => {
    lines.push({ node, depth, place, among });
    if (node.branch !== null && isOpen(node, depth)) {
      const { children } = node.branch;
      for (const [index, child] of children.entries()) {
        walk(child, depth + 1, index + 1, children.length);
      }
    }
  };
  walk(root, 0, 1, 1);
  return lines;
}

/** Where a text occurs, in names and in values, and everything that must be open to see it. */
export function searched(root: TreeNode, text: string): { found: string[]; open: Set<string> } {
  const wanted = text.toLowerCase();
  const found: string[] = [];
  const open = new Set<string>();
  const walk = (node: TreeNode): boolean => {
    const own =
      (node.name?.toLowerCase().includes(wanted) ?? false) ||
      (node.leaf?.text.toLowerCase().includes(wanted) ?? false) ||
      (node.branch?.attributes.toLowerCase().includes(wanted) ?? false);
    if (own) {
      found.push(node.id);
    }
    let inside = false;
    for (const child of node.branch?.children ?? []) {
      inside = walk(child) || inside;
    }
    if (inside) {
      open.add(node.id);
    }
    return own || inside;
  };
  if (wanted !== "") {
    walk(root);
  }
  return { found, open };
}
