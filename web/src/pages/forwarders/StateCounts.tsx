// What a forwarder has made that has not arrived, by state; each leads to those deliveries.
import type { Forwarder } from "../../definitions/queries";
import { PlaceLink } from "../../design/PlaceLink";
import { useWords } from "../../i18n/words";
import styles from "./forwarders.module.css";

const STATES = ["pending", "failed", "rejected", "broken", "cancelled", "superseded"] as const;

interface StateCountsProps {
  project: string;
  forwarder: Forwarder;
}

export function StateCounts({ project, forwarder }: StateCountsProps) {
  const words = useWords();
  const there = STATES.filter((state) => (forwarder.deliveries[state] ?? 0) > 0);
  if (there.length === 0) {
    return <span className={styles.quiet}>{words.forwarders.allArrived}</span>;
  }
  return (
    <ul className={styles.states}>
      {there.map((state) => (
        <li key={state}>
          <PlaceLink
            project={project}
            place="deliveries"
            filters={{ forwarder: forwarder.name, state }}
          >
            {words.common.stateCount(state, forwarder.deliveries[state] ?? 0)}
          </PlaceLink>
        </li>
      ))}
    </ul>
  );
}
