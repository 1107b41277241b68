// A way from one step to another, with when it is taken.
import {
  BaseEdge,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  getBezierPath,
  Position,
} from "@xyflow/react";
import styles from "./Canvas.module.css";
import type { Place } from "./layout";

export type EdgeOnCanvas = Edge<
  {
    text: string;
    isDisabled: boolean;
    isTaken: boolean;
    /** Where it goes by, past other steps. */
    by: Place[];
    /** Where its words stand. */
    wordsAt: Place | undefined;
  },
  "way"
>;

/** A line through all its places, and where its words stand. */
function lineOf(props: EdgeProps<EdgeOnCanvas>): [path: string, x: number, y: number] {
  const { sourceX, sourceY, targetX, targetY, data } = props;
  const by = data?.by ?? [];
  const [first] = by;
  if (first === undefined) {
    const [path, x, y] = getBezierPath(props);
    return [path, x, y];
  }
  const places = [{ x: sourceX, y: sourceY }, ...by, { x: targetX, y: targetY }];
  const parts = places.slice(1).map((to, index) => {
    const from = places[index] ?? to;
    const [path] = getBezierPath({
      sourceX: from.x,
      sourceY: from.y,
      sourcePosition: Position.Right,
      targetX: to.x,
      targetY: to.y,
      targetPosition: Position.Left,
    });
    return path;
  });
  const { x, y } = data?.wordsAt ?? first;
  return [parts.join(" "), x, y];
}

export function WayOnCanvas(props: EdgeProps<EdgeOnCanvas>) {
  const { id, data } = props;
  const [path, x, y] = lineOf(props);
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={styles.way}
        data-disabled={data?.isDisabled || undefined}
        data-taken={data?.isTaken || undefined}
      />
      {data !== undefined && data.text !== "" && (
        <EdgeLabelRenderer>
          <span
            className={styles.when}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {data.text}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
