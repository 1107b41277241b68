// XML as a tree. It is parsed as data, never as a page: nothing in it runs, nothing is fetched.
import type { TreeNode } from "./tree";

/** The tree of an XML text; null where it is none. */
export function treeOfXml(text: string): TreeNode | null {
  const parsed = new DOMParser().parseFromString(text, "application/xml");
  if (parsed.getElementsByTagName("parsererror").length > 0 || parsed.documentElement === null) {
    return null;
  }
  return ofElement(parsed.documentElement, "/0");
}

function ofElement(element: Element, id: string): TreeNode {
  const attributes = [...element.attributes]
    .map(({ name, value }) => `${name}="${value}"`)
    .join(" ");
  // Comments and instructions to programs are no values; the exact text has them.
  const parts = [...element.childNodes].filter(
    (node) =>
      node instanceof Element || (node instanceof Text && (node.textContent ?? "").trim() !== ""),
  );
  const simple = element.childElementCount === 0;
  if (simple && attributes === "") {
    const leaf = { kind: "text" as const, text: element.textContent ?? "", json: null };
    return { id, name: element.nodeName, steps: null, leaf, branch: null };
  }
  const children = parts.map((node, index) =>
    node instanceof Element ? ofElement(node, `${id}/${index}`) : ofText(node, `${id}/${index}`),
  );
  return {
    id,
    name: element.nodeName,
    steps: null,
    leaf: null,
    branch: { kind: "element", attributes, children },
  };
}

function ofText(node: Node, id: string): TreeNode {
  const leaf = { kind: "text" as const, text: (node.textContent ?? "").trim(), json: null };
  return { id, name: null, steps: null, leaf, branch: null };
}
