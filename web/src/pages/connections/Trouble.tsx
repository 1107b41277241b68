// What is wrong with a connection, since when, how much waits, and when it is tried again.
import type { ConnectionHealth, Defined } from "../../definitions/queries";
import { takenBy } from "../../definitions/standing";
import { sentence } from "../../design/ErrorNote";
import { Time, useTicking } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./connections.module.css";
import { standingOfConnection } from "./standing";

interface Told {
  text: string;
  since: string | null;
}

interface TroubleProps {
  connection: Defined;
  health: ConnectionHealth | undefined;
}

export function Trouble({ connection, health }: TroubleProps) {
  const { connections: words, overview } = useWords();
  const format = useFormat();
  const told = useTrouble({ connection, health });
  if (health === undefined || told === null) {
    return null;
  }
  return (
    <div className={styles.trouble} data-ending={health.recovering !== null || undefined}>
      <p>
        {/* What goes on by itself, counts and times, stands outside of what is read out. */}
        <span role="status">
          {told.text}
          {told.since !== null && (
            <>
              {" "}
              <Time at={told.since} shown="clock" />.
            </>
          )}
        </span>{" "}
        {health.waiting_is_more
          ? overview.waitingMore(format.number(health.waiting))
          : health.waiting > 0 && words.waits(health.waiting)}{" "}
        <NextTry at={health.next_try_at} />
      </p>
      {health.last_error !== null && <code>{health.last_error}</code>}
    </div>
  );
}

/** What is wrong: a sentence that ends with the time since when it is so, where that is known; null
 *  where nothing is. */
function useTrouble({ connection, health }: TroubleProps): Told | null {
  const words = useWords().connections;
  const { name } = connection;
  if (health === undefined) {
    return null;
  }
  const { since, last_delivered_at: delivered, recovering } = health;
  switch (standingOfConnection({ connection, health })) {
    case "failing":
      return delivered === null
        ? { text: words.failingEver(name), since: null }
        : { text: words.failing(name), since: delivered };
    case "paused_in_trouble":
      return { text: words.pausedInTrouble(name), since };
    case "in_trouble":
      if (recovering !== null) {
        return { text: words.takesAgain(name), since: recovering.over_at };
      }
      return since === null
        ? { text: sentence(words.leftAlone), since }
        : { text: words.taken[takenBy(health) === "some" ? "some" : "nothing"](name), since };
    default:
      return null;
  }
}

/** Counted down; what is due by now is under way. */
function NextTry({ at }: { at: string | null }) {
  const words = useWords().overview;
  const format = useFormat();
  return useTicking((now) => {
    if (at === null) {
      return "";
    }
    const time = new Date(at);
    return time <= now ? words.nextTryNow : words.nextTry(format.relative(time, now));
  });
}
