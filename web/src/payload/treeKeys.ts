// The keys of a tree, as people of trees know them. Pure: from the lines that are in sight.
import type { Line } from "./tree";

/** Where a key leads: to another line, or to what is done with this one. */
export type TreeStep = { to: number } | { turn: "open" | "close" } | { press: true };

/** What a key does at a line; null for keys that are not the tree's. */
export function treeStep(
  lines: readonly Line[],
  at: number,
  isOpen: boolean,
  key: string,
): TreeStep | null {
  const line = lines[at];
  if (line === undefined) {
    return null;
  }
  const isBranch = line.node.branch !== null;
  switch (key) {
    case "ArrowDown":
      return { to: Math.min(at + 1, lines.length - 1) };
    case "ArrowUp":
      return { to: Math.max(at - 1, 0) };
    case "Home":
      return { to: 0 };
    case "End":
      return { to: lines.length - 1 };
    case "ArrowRight":
      if (isBranch && !isOpen) {
        return { turn: "open" };
      }
      return { to: isBranch ? at + 1 : at };
    case "ArrowLeft":
      return isBranch && isOpen ? { turn: "close" } : { to: parentOf(lines, at) };
    case "Enter":
    case " ":
      return isBranch ? { turn: isOpen ? "close" : "open" } : { press: true };
    default:
      return null;
  }
}

function parentOf(lines: readonly Line[], at: number): number {
  const depth = lines[at]?.depth ?? 0;
  const above = lines.slice(0, at).findLastIndex((line) => line.depth < depth);
  return above < 0 ? at : above;
}
