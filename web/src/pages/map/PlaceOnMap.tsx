// A place on the map: what it is, how it is, what came by today. All of it leads to its page.
import { Handle, type Node, type NodeProps, Position, useReactFlow } from "@xyflow/react";
import type { FocusEvent } from "react";
import type { MapNode } from "../../api/types";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./MapPicture.module.css";
import { isBetween, NodeLink, NodeState, NodeWaiting, stateOf, wantedBy } from "./NodeParts";

export type PlaceNode = Node<{ project: string; node: MapNode }, "place">;

const MOVE_MILLISECONDS = 120;

export function PlaceOnMap({
  data,
  positionAbsoluteX,
  positionAbsoluteY,
  height,
  width,
}: NodeProps<PlaceNode>) {
  const words = useWords().map;
  const format = useFormat();
  const flow = useReactFlow();
  const { project, node } = data;
  // Whoever walks through the map by keyboard sees where they are.
  const follow = (event: FocusEvent) => {
    if (event.target.matches(":focus-visible")) {
      const x = positionAbsoluteX + (width ?? 0) / 2;
      const y = positionAbsoluteY + (height ?? 0) / 2;
      void flow.setCenter(x, y, { zoom: flow.getZoom(), duration: MOVE_MILLISECONDS });
    }
  };
  return (
    <article
      className={styles.place}
      data-kind={node.kind}
      data-state={stateOf(node)}
      onFocus={follow}
    >
      {(isBetween(node) || node.kind === "connection") && (
        <Handle type="target" position={Position.Left} isConnectable={false} />
      )}
      <div className={styles.line}>
        <NodeLink project={project} node={node} className={styles.name} />
        <span className={styles.today} title={words.today(format.number(node.today))}>
          {format.number(node.today)}
        </span>
      </div>
      {isBetween(node) && (
        <code className={styles.filter} title={wantedBy(node, words)}>
          {wantedBy(node, words)}
        </code>
      )}
      {node.kind === "connection" && (
        <span className={styles.waiting}>
          {(node.waiting ?? 0) > 0 ? <NodeWaiting node={node} /> : words.nothingWaits}
        </span>
      )}
      <div className={styles.line}>
        <span className={styles.kind}>{words.kinds[node.kind]}</span>
        <span className={styles.state}>
          <NodeState node={node} />
        </span>
      </div>
      {node.kind !== "connection" && (
        <Handle type="source" position={Position.Right} isConnectable={false} />
      )}
    </article>
  );
}
