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
  branch: { kind: "object" | "array" | "element"; attributes: string; children: TreeNode[] } | null;
}

export function treeOfJson(
  node: JsonNode,
  steps: Steps = [],
  name: string | null = null,
): TreeNode {
  const id = `/${steps.map((step) => (typeof step === "number" ? `[${step}]` : JSON.stringify(step))).join("/")}`;
  switch (node.kind) {
    case "object": {
      const seen = new Map<string, number>();
      const children = node.members.map(({ key, value }) => {
        const before = seen.get(key) ?? 0;
        seen.set(key, before + 1);
        const child = treeOfJson(value, [...steps, key], key);
        return before === 0 ? child : { ...child, id: `${child.id}#${before}` };
      });
      return { id, name, steps, leaf: null, branch: { kind: "object", attributes: "", children } };
    }
    case "array": {
      const children = node.items.map((item, index) =>
        treeOfJson(item, [...steps, index], String(index)),
      );
      return { id, name, steps, leaf: null, branch: { kind: "array", attributes: "", children } };
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

/** A line of the drawn tree. */
export interface Line {
  node: TreeNode;
  depth: number;
}

/** The lines that are in sight: those whose ancestors are all open. */
export function linesOf(
  root: TreeNode,
  isOpen: (node: TreeNode, depth: number) => boolean,
): Line[] {
  const lines: Line[] = [];
  const walk = (node: TreeNode, depth: number) => {
    lines.push({ node, depth });
    if (node.branch !== null && isOpen(node, depth)) {
      for (const child of node.branch.children) {
        walk(child, depth + 1);
      }
    }
  };
  walk(root, 0);
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
