// The lines of a tree, drawn only where the reader looks.
import { ActionIcon, Menu } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronRight, Ellipsis } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { copyText } from "../design/copy";
import { useWords } from "../i18n/words";
import type { LeafAction } from "./PayloadView";
import styles from "./PayloadView.module.css";
import { pathOf } from "./path";
import { linesOf, type TreeNode } from "./tree";
import { treeStep } from "./treeKeys";

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
  const words = useWords().payload;
  const id = useId();
  const [turned, setTurned] = useState<ReadonlyMap<string, boolean>>(new Map());
  const scroller = useRef<HTMLDivElement>(null);
  const lines = useMemo(
    () =>
      linesOf(
        root,
        (node, depth) => turned.get(node.id) ?? (hits?.open.has(node.id) || depth < OPEN_LEVELS),
      ),
    [root, hits, turned],
  );
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PIXELS,
    overscan: 20,
  });
  // Another search opens what it finds, whatever was closed before.
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each search
  useEffect(() => setTurned((before) => withoutClosed(before)), [hits]);
  const found = useMemo(() => new Set(hits?.found), [hits]);
  const [chosen, setAt] = useState(0);
  const at = Math.min(chosen, lines.length - 1);
  useEffect(() => {
    const index = lines.findIndex((line) => line.node.id === current);
    if (index >= 0) {
      virtual.scrollToIndex(index, { align: "center" });
      setAt(index);
    }
  }, [current, lines, virtual]);

  const isOpen = (index: number) => {
    const [line, next] = [lines[index], lines[index + 1]];
    return line !== undefined && next !== undefined && next.depth > line.depth;
  };
  const turn = (index: number, open: boolean) => {
    const line = lines[index];
    if (line !== undefined) {
      setTurned(new Map(turned).set(line.node.id, open));
      setAt(index);
      scroller.current?.focus({ preventScroll: true });
    }
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    // Menus of values hang elsewhere in the page, and have keys of their own.
    if (!event.currentTarget.contains(event.target as Node)) {
      return;
    }
    const step = treeStep(lines, at, isOpen(at), event.key);
    if (step === null || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    event.preventDefault();
    if ("to" in step) {
      setAt(step.to);
      virtual.scrollToIndex(step.to);
      scroller.current?.focus({ preventScroll: true });
    } else if ("turn" in step) {
      turn(at, step.turn === "open");
    } else {
      const line = document.getElementById(`${id}-${at}`);
      line?.querySelector<HTMLElement>("[aria-haspopup]")?.click();
    }
  };
  const items = virtual.getVirtualItems();
  const isDrawn = items.some(({ index }) => index === at);
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="tree"
      tabIndex={0}
      aria-label={words.content}
      aria-activedescendant={isDrawn ? `${id}-${at}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="none" className={styles.lines} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const line = lines[item.index];
          if (line === undefined) {
            return null;
          }
          const open = isOpen(item.index);
          const { node } = line;
          return (
            // biome-ignore lint/a11y/useFocusableInteractive: the tree keeps the focus, and tells which line it is at
            <div
              key={node.id}
              id={`${id}-${item.index}`}
              role="treeitem"
              aria-level={line.depth + 1}
              aria-posinset={line.place}
              aria-setsize={line.among}
              aria-expanded={node.branch === null ? undefined : open}
              aria-selected={item.index === at}
              className={styles.line}
              data-at={item.index === at || undefined}
              data-found={found.has(node.id) || undefined}
              data-current={node.id === current || undefined}
              data-marked={(node.steps !== null && marked?.has(pathOf(node.steps))) || undefined}
              style={{ transform: `translateY(${item.start}px)`, paddingLeft: line.depth * 16 }}
            >
              <TreeLine
                node={node}
                open={open}
                turn={() => turn(item.index, !open)}
                leafActions={leafActions}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** What the reader opened stays open. */
function withoutClosed(turned: ReadonlyMap<string, boolean>): ReadonlyMap<string, boolean> {
  const isAnyClosed = [...turned.values()].includes(false);
  return isAnyClosed ? new Map([...turned].filter(([, open]) => open)) : turned;
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
          tabIndex={-1}
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
