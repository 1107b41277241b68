// How many deliveries stand in each state, as words that filter by it; those in force are
// pressed, and pressing one again removes it.
import { useQuery } from "@tanstack/react-query";
import { tellsOf } from "../../api/events";
import type { DeliveryState } from "../../api/types";
import { useLiveLook } from "../../api/useLiveLook";
import { StateMark } from "../../design/StateMark";
import { useWords } from "../../i18n/words";
import styles from "./deliveries.module.css";
import { countsQuery, type DeliveryFilters } from "./queries";
import { DELIVERY_STATES, statesIn } from "./routes";
import { DELIVERY_TONES } from "./tones";

interface StateCountsProps {
  project: string;
  filters: DeliveryFilters;
  choose: (states: DeliveryState[]) => void;
}

const concerns = tellsOf("delivery");

/** Counting looks at everything: what happens is counted again this often at most. */
const PAUSE_MILLISECONDS = 5000;

export function StateCounts({ project, filters, choose }: StateCountsProps) {
  const words = useWords();
  const { state: _one, states: _several, ...others } = filters;
  const chosen = statesIn(filters);
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
        const isChosen = chosen.includes(state);
        if (count === 0 && !isChosen) {
          return [];
        }
        return [
          <li key={state}>
            <button
              type="button"
              className={styles.count}
              aria-pressed={isChosen}
              onClick={() =>
                choose(isChosen ? chosen.filter((each) => each !== state) : [...chosen, state])
              }
            >
              <StateMark tone={DELIVERY_TONES[state]}>
                {words.common.stateCount(state, count)}
              </StateMark>
            </button>
          </li>,
        ];
      })}
    </ul>
  );
}
