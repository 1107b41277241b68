// A way on the map, with what went along it today. When more goes along, a mark travels the way
// once: nothing moves while nothing happens.
import {
  BaseEdge,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  getBezierPath,
} from "@xyflow/react";
import { useEffect, useRef, useState } from "react";
import { PlaceLink } from "../../design/PlaceLink";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./MapPicture.module.css";
import type { WayLink } from "./wayLink";

interface Way {
  project: string;
  from: string;
  to: string;
  link: WayLink;
  today: number;
  held: boolean;
}

export type WayEdge = Edge<Way & Record<string, unknown>, "way">;

export function WayOnMap(props: EdgeProps<WayEdge>) {
  const words = useWords().map;
  const format = useFormat();
  const { id, data } = props;
  const today = data?.today ?? 0;
  const grown = useGrown(today);
  const [path, labelX, labelY] = getBezierPath(props);
  const travel = { offsetPath: `path("${path}")` };
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        className={styles.way}
        data-used={today > 0 || undefined}
        data-held={data?.held || undefined}
      />
      {grown > 0 && <circle key={grown} className={styles.mark} r={4} style={travel} />}
      {data !== undefined && today > 0 && (
        <EdgeLabelRenderer>
          <PlaceLink
            project={data.project}
            place={data.link.place}
            filters={data.link.filters}
            className={`${styles.count} nopan`}
            aria-label={words.wayToday(format.number(today), data.from, data.to)}
            style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}
          >
            {format.number(today)}
          </PlaceLink>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

/** How often a count has grown while it was looked at. */
function useGrown(count: number): number {
  const before = useRef(count);
  const [grown, setGrown] = useState(0);
  useEffect(() => {
    if (count > before.current) {
      setGrown((times) => times + 1);
    }
    before.current = count;
  }, [count]);
  return grown;
}
