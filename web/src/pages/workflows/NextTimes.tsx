// When a schedule is due next, as a clock in its time zone shows it.
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import type { DueTime } from "./queries";
import styles from "./workflows.module.css";

interface NextTimesProps {
  times: readonly DueTime[];
  zone: string;
}

export function NextTimes({ times, zone }: NextTimesProps) {
  const words = useFlowWords().workflows.schedule;
  const format = useFormat();
  if (times.length === 0) {
    return null;
  }
  return (
    <div className={styles.times}>
      <span className={styles.quiet}>{words.next(zone)}</span>
      <ol>
        {times.map(({ at, local }) => (
          <li key={at}>
            <time dateTime={at} title={format.exact(new Date(at))}>
              {format.wall(local)}
            </time>
          </li>
        ))}
      </ol>
    </div>
  );
}
