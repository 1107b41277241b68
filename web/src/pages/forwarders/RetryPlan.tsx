// The next tries of a delivery that fails, drawn: early ones are close together, later ones far
// apart, so the line counts in times of times.
import { useMediaQuery } from "@mantine/hooks";
import { Shape } from "../../design/StateMark";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./forwarders.module.css";
import { plannedTries, type RetryPolicy } from "./retryPlan";

/** More tries than these are told by their number alone. */
const MOST_DRAWN = 60;
const MOST_COUNTED = 10_000;
/** Labels stand at least this far apart, in hundredths of the line; further on a phone. */
const LABEL_ROOM = 11;
const NARROW_LABEL_ROOM = 21;
const NARROW = "(max-width: 720px)";
/** Marks stand at least this far apart; those between are told by the sentence. */
const MARK_ROOM = 2.5;
/** So many tries are told one by one in the sentence. */
const TOLD = 6;

export function RetryPlan({ policy }: { policy: RetryPolicy }) {
  const words = useWords().forwarders.retry;
  const format = useFormat();
  const narrow = useMediaQuery(NARROW, window.matchMedia(NARROW).matches) ?? false;
  const room = narrow ? NARROW_LABEL_ROOM : LABEL_ROOM;
  const { tries, ends } = plannedTries(policy, MOST_COUNTED);
  const drawn = tries.slice(0, MOST_DRAWN);
  const last = drawn.at(-1) ?? 0;
  const place = (at: number) =>
    last === 0 ? 0 : (100 * Math.log1p(at / policy.first)) / Math.log1p(last / policy.first);
  let labelled = Number.NEGATIVE_INFINITY;
  let shown = Number.NEGATIVE_INFINITY;
  const told = tries.slice(1, TOLD + 1).map((at) => format.duration(at));
  return (
    <figure className={styles.plan}>
      <div className={styles.line} aria-hidden="true">
        {drawn.map((at, index) => {
          const x = place(at);
          const final = index === drawn.length - 1;
          const label = final || (x - labelled >= room && x <= 100 - room);
          if (label) {
            labelled = x;
          }
          if (!label && x - shown < MARK_ROOM) {
            return null;
          }
          shown = x;
          return (
            <span
              key={at}
              className={styles.try}
              style={{ left: `${x}%` }}
              data-final={final || undefined}
            >
              <Shape tone={final && ends ? "bad" : "waiting"} />
              {label && (
                <span className={styles.when}>{at === 0 ? words.atOnce : format.duration(at)}</span>
              )}
            </span>
          );
        })}
      </div>
      <figcaption className={styles.caption}>
        {words.told(told.join(", "), tries.length > TOLD + 1)}{" "}
        {ends
          ? words.ends(tries.length, format.duration(tries.at(-1) ?? 0))
          : words.goesOn(MOST_COUNTED)}
      </figcaption>
    </figure>
  );
}
