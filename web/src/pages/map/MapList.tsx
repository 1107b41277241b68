// The map in words: each way in a line or two. It is what a phone shows, and what is read aloud.
import { ArrowRight } from "lucide-react";
import type { ProjectMap } from "../../api/types";
import { Section } from "../../design/Section";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./MapList.module.css";
import { NodeLink, NodeState, NodeWaiting, stateOf, wantedBy } from "./NodeParts";
import { type MapWay, waysOf } from "./ways";

export function MapList({ project, map }: { project: string; map: ProjectMap }) {
  const words = useWords().map;
  const { ways, loose } = waysOf(map);
  return (
    <>
      {ways.length > 0 && (
        <Section title={words.ways}>
          <ul className={styles.ways}>
            {ways.map((way) => (
              <Way key={way.forwarder.id} project={project} way={way} />
            ))}
          </ul>
        </Section>
      )}
      {loose.length > 0 && (
        <Section title={words.loose}>
          <ul className={styles.ways}>
            {loose.map((node) => (
              <li key={node.id} className={styles.way}>
                <span className={styles.names}>
                  <NodeLink project={project} node={node} />
                  <NodeState node={node} />
                </span>
                <span className={styles.numbers}>
                  {node.kind === "source" ? words.looseSource : words.looseConnection}
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function Way({ project, way }: { project: string; way: MapWay }) {
  const words = useWords().map;
  const format = useFormat();
  const { from, forwarder, to } = way;
  return (
    <li className={styles.way}>
      <span className={styles.names}>
        {from !== null && (
          <>
            <NodeLink project={project} node={from} />
            <Arrow />
          </>
        )}
        <NodeLink project={project} node={forwarder} className={styles.forwarder} />
        {stateOf(forwarder) !== "well" && <NodeState node={forwarder} />}
        {to !== null && (
          <>
            <Arrow />
            <NodeLink project={project} node={to} />
            <NodeState node={to} />
          </>
        )}
      </span>
      <span className={styles.numbers}>
        {words.way(way.wanted, format.number(way.arrived))}
        {to !== null && (to.waiting ?? 0) > 0 && (
          <>
            {" · "}
            <NodeWaiting node={to} />
          </>
        )}
      </span>
      <code className={styles.filter}>{wantedBy(forwarder, words)}</code>
    </li>
  );
}

function Arrow() {
  return <ArrowRight className={styles.arrow} size={14} aria-hidden="true" />;
}
