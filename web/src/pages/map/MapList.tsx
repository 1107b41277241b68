// The map in words: each way in a line or two, by a forwarder or a workflow. It is what a phone shows, and what is read aloud.
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
              <Way key={way.by.id} project={project} way={way} />
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
  const { from, by, to } = way;
  const isRun = by.kind === "workflow";
  const arrived = format.number(way.arrived);
  return (
    <li className={styles.way}>
      <span className={styles.names}>
        {from !== null && (
          <>
            <NodeLink project={project} node={from} />
            <Arrow />
          </>
        )}
        <NodeLink project={project} node={by} className={styles.forwarder} />
        {stateOf(by) !== "well" && <NodeState node={by} />}
        {to.map((connection, index) => (
          <span key={connection.id} className={styles.name}>
            {index === 0 ? <Arrow /> : <span className={styles.arrow}>+</span>}
            <NodeLink project={project} node={connection} />
            <NodeState node={connection} />
          </span>
        ))}
      </span>
      <span className={styles.numbers}>
        {isRun ? words.runs(way.wanted, arrived) : words.way(way.wanted, arrived)}
        {(isRun ? [by] : to)
          .filter(({ waiting }) => (waiting ?? 0) > 0)
          .map((node) => (
            <span key={node.id}>
              {" · "}
              <NodeWaiting node={node} />
            </span>
          ))}
      </span>
      <code className={styles.filter}>{wantedBy(by, words)}</code>
    </li>
  );
}

function Arrow() {
  return <ArrowRight className={styles.arrow} size={14} aria-hidden="true" />;
}
