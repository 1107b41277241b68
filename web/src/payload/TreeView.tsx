// The lines of a tree, drawn only where the reader looks.
import { ActionIcon, Menu } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronRight, Ellipsis } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { copyText } from "../design/copy";
import { useWords } from "../i18n/words";
import type { LeafAction } from "./PayloadView";
import styles from "./PayloadView.module.css";
import { pathOf } from "./path";
import { type Line, linesOf, type TreeNode } from "./tree";

const LINE_PIXELS = 22;
/** So many levels are open at first. */
const OPEN_LEVELS = 3;

interface TreeViewProps {
  root: TreeNode;
  hits: { found: string[]; open: Set<string> } | null;
  /** The place of the search that is looked at. */
  current: string | null;
  leafActions: LeafAction[];
  marked?: ReadonlySet<string>;
}

export function TreeView({ root, hits, current, leafActions, marked }: TreeViewProps) {
  const [turned, setTurned] = useState<ReadonlyMap<string, boolean>>(new Map());
  const scroller = useRef<HTMLDivElement>(null);
  const lines = useMemo(
    () =>
      linesOf(
        root,
        (node, depth) => hits?.open.has(node.id) || (turned.get(node.id) ?? depth < OPEN_LEVELS),
      ),
    [root, hits, turned],
  );
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PIXELS,
    overscan: 20,
  });
  const found = useMemo(() => new Set(hits?.found), [hits]);
  useEffect(() => {
    const index = lines.findIndex((line) => line.node.id === current);
    if (index >= 0) {
      virtual.scrollToIndex(index, { align: "center" });
    }
  }, [current, lines, virtual]);

  const isOpen = (line: Line, next: Line | undefined) =>
    line.node.branch !== null && next !== undefined && next.depth > line.depth;
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="tree"
      tabIndex={0}
      aria-label={root.name ?? "{}"}
    >
      <div className={styles.lines} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index];
          if (line === undefined) {
            return null;
          }
          const open = isOpen(line, lines[item.index + 1]);
          const { node } = line;
          return (
            <div
              key={node.id}
              role="treeitem"
              tabIndex={-1}
              aria-level={line.depth + 1}
              aria-expanded={node.branch === null ? undefined : open}
              className={styles.line}
              data-found={found.has(node.id) || undefined}
              data-current={node.id === current || undefined}
              data-marked={(node.steps !== null && marked?.has(pathOf(node.steps))) || undefined}
              style={{ transform: `translateY(${item.start}px)`, paddingLeft: line.depth * 16 }}
            >
              <TreeLine
                node={node}
                open={open}
                turn={() => setTurned(new Map(turned).set(node.id, !open))}
                leafActions={leafActions}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface TreeLineProps {
  node: TreeNode;
  open: boolean;
  turn: () => void;
  leafActions: LeafAction[];
}

function TreeLine({ node, open, turn, leafActions }: TreeLineProps) {
  const words = useWords().payload;
  const { branch, leaf } = node;
  const name = node.name === null ? null : <span className={styles.name}>{node.name}</span>;
  if (branch !== null) {
    const count = branch.children.length;
    return (
      <button type="button" className={styles.branch} onClick={turn} tabIndex={-1}>
        {open ? (
          <ChevronDown size={12} aria-hidden="true" />
        ) : (
          <ChevronRight size={12} aria-hidden="true" />
        )}
        {name}
        {branch.attributes !== "" && <span className={styles.attributes}>{branch.attributes}</span>}
        {(!open || name === null) && (
          <span className={styles.count}>
            {branch.kind === "array" ? words.items(count) : words.members(count)}
          </span>
        )}
      </button>
    );
  }
  return (
    <span className={styles.leaf}>
      {name}
      <span className={styles.value} data-kind={leaf?.kind} title={leaf?.text}>
        {leaf?.kind === "string" ? leaf.json : leaf?.text}
      </span>
      {leaf !== null && (
        <LeafMenu node={node} text={leaf.text} json={leaf.json} leafActions={leafActions} />
      )}
    </span>
  );
}

interface LeafMenuProps {
  node: TreeNode;
  text: string;
  json: string | null;
  leafActions: LeafAction[];
}

function LeafMenu({ node, text, json, leafActions }: LeafMenuProps) {
  const words = useWords().payload;
  const { steps } = node;
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <ActionIcon
          size="xs"
          variant="subtle"
          color="gray"
          className={styles.actions}
          aria-label={words.actions}
        >
          <Ellipsis size={12} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {steps !== null &&
          json !== null &&
          leafActions.map((action) => (
            <Menu.Item key={action.label} onClick={() => action.act({ steps, json })}>
              {action.label}
            </Menu.Item>
          ))}
        {steps !== null && (
          <Menu.Item onClick={() => void copyText(pathOf(steps))}>{words.copyPath}</Menu.Item>
        )}
        <Menu.Item onClick={() => void copyText(text)}>{words.copyValue}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
