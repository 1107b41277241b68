// How many deliveries stand in each state, as words that filter by it; the one in force is pressed,
// and pressing it again removes it.
import { useQuery } from "@tanstack/react-query";
import type { HubEvent } from "../../api/events";
import type { DeliveryState } from "../../api/types";
import { useLiveLook } from "../../api/useLiveLook";
import { StateMark } from "../../design/StateMark";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./deliveries.module.css";
import { countsQuery, type DeliveryFilters } from "./queries";
import { DELIVERY_STATES } from "./routes";
import { DELIVERY_TONES } from "./tones";

interface StateCountsProps {
  project: string;
  filters: DeliveryFilters;
  choose: (state: DeliveryState | undefined) => void;
}

const concerns = ({ kind }: HubEvent) => kind === "delivery" || kind === "everything";

/** Counting looks at everything: what happens is counted again this often at most. */
const PAUSE_MILLISECONDS = 5000;

export function StateCounts({ project, filters, choose }: StateCountsProps) {
  const words = useWords();
  const format = useFormat();
  const { state: chosen, ...others } = filters;
  const counts = countsQuery(project, others);
  const { data } = useQuery(counts);
  useLiveLook([{ queryKey: counts.queryKey, exact: true }], {
    concerns,
    pauseMilliseconds: PAUSE_MILLISECONDS,
  });
  if (data === undefined || data.total === 0) {
    return null;
  }
  return (
    <ul className={styles.counts} aria-label={words.deliveries.counts}>
      {DELIVERY_STATES.flatMap((state) => {
        const count = data.states[state] ?? 0;
        if (count === 0 && state !== chosen) {
          return [];
        }
        return [
          <li key={state}>
            <button
              type="button"
              className={styles.count}
              aria-pressed={state === chosen}
              onClick={() => choose(state === chosen ? undefined : state)}
            >
              <StateMark tone={DELIVERY_TONES[state]}>{words.common.states[state]}</StateMark>
              <span className="numbers">{format.number(count)}</span>
            </button>
          </li>,
        ];
      })}
    </ul>
  );
}
