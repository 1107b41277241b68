// What became of a message: why forwarders wanted it, what was tried, its versions, its history.
import { Link } from "@tanstack/react-router";
import type { Timeline } from "../../api/types";
import { conditionTold } from "../../definitions/conditions";
import { EmptyState } from "../../design/EmptyState";
import { Prose } from "../../design/Prose";
import { Shape, StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import table from "../../design/table.module.css";
import { useFormat, useWords } from "../../i18n/words";
import { type Happening, historyOf } from "./history";
import styles from "./messages.module.css";

interface OfTimeline {
  timeline: Timeline;
}

export function Matched({ timeline }: OfTimeline) {
  const { messages: words, definitions } = useWords();
  if (timeline.matches.length === 0) {
    return <EmptyState>{timeline.unreadable?.reason ?? words.noForwarders}</EmptyState>;
  }
  return (
    <>
      {timeline.matches.map((match) => (
        <article
          key={`${match.forwarder} ${match.workflow} ${match.about?.id ?? ""}`}
          className={styles.explained}
        >
          <div className={styles.explainedHead}>
            <strong>{match.forwarder ?? match.workflow}</strong>
            {match.about !== null && match.about.kind !== "message" && (
              <code>{match.about.id}</code>
            )}
            <StateMark tone={match.matched ? "well" : "ended"}>
              {match.matched
                ? match.conditions.length === 0
                  ? words.everything
                  : words.wants
                : words.wantsNot}
            </StateMark>
          </div>
          {match.remark !== null && <Prose text={match.remark} />}
          <ul className={styles.conditions}>
            {match.conditions.map((condition) => (
              <li
                key={`${condition.part} ${condition.path} ${condition.expected}`}
                className={styles.condition}
              >
                <span className={styles.part}>{condition.part}</span>
                <Shape tone={condition.holds ? "well" : "bad"} />
                <span>
                  <Prose text={conditionTold(condition, definitions.conditions)} />
                </span>
              </li>
            ))}
          </ul>
        </article>
      ))}
    </>
  );
}

export function Attempts({ project, timeline }: OfTimeline & { project: string }) {
  const words = useWords().messages;
  const { kinds } = useWords().deliveries;
  const format = useFormat();
  const tries = timeline.deliveries.flatMap((delivery) =>
    delivery.tries.map((attempt) => ({ delivery, attempt })),
  );
  if (tries.length === 0) {
    return <EmptyState>{words.noAttempts}</EmptyState>;
  }
  return (
    <div className={table.wide}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>{words.table.connection}</th>
            <th className={table.number}>{words.table.number}</th>
            <th>{words.table.at}</th>
            <th className={table.number}>{words.table.took}</th>
            <th>{words.table.outcome}</th>
          </tr>
        </thead>
        <tbody>
          {tries.map(({ delivery, attempt }) => (
            <tr key={`${delivery.id} ${attempt.number}`}>
              <td>
                <Link
                  to="/projects/$project/deliveries/$delivery"
                  params={{ project, delivery: delivery.id }}
                  search={{ attempt: String(attempt.number) }}
                >
                  {delivery.connection}
                </Link>
              </td>
              <td className={table.number}>{attempt.number}</td>
              <td>
                <Time at={attempt.started_at} shown="clock" />
              </td>
              <td className={table.number}>{format.duration(attempt.duration_ms)}</td>
              <td>
                <StateMark tone={attempt.error === null ? "well" : "bad"}>
                  {attempt.status ?? (attempt.error_kind === null ? "" : kinds[attempt.error_kind])}
                </StateMark>{" "}
                {attempt.error}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function History({ timeline }: OfTimeline) {
  return (
    <>
      {historyOf(timeline).map((happening) => (
        <div key={keyOf(happening)} className={styles.event}>
          <span className={styles.quiet}>
            <Time at={happening.at} shown="clock" />
          </span>
          <HappeningWords happening={happening} />
        </div>
      ))}
    </>
  );
}

function keyOf(happening: Happening): string {
  switch (happening.kind) {
    case "received":
    case "erased":
      return happening.kind;
    case "tried":
      return `${happening.delivery.id} ${happening.attempt.number}`;
    default:
      return happening.delivery.id;
  }
}

function HappeningWords({ happening }: { happening: Happening }) {
  const words = useWords().messages.history;
  const { kinds } = useWords().deliveries;
  switch (happening.kind) {
    case "received":
    case "erased":
      return <span>{words[happening.kind]}</span>;
    case "resent":
      return <span>{words.resent(happening.delivery.connection)}</span>;
    case "tried": {
      const { delivery, attempt } = happening;
      return (
        <span>
          {words.tried(delivery.connection, attempt.number)}{" "}
          <StateMark tone={attempt.error === null ? "well" : "bad"}>
            {attempt.status ?? (attempt.error_kind === null ? "" : kinds[attempt.error_kind])}
          </StateMark>
        </span>
      );
    }
    default: {
      const { forwarder, connection } = happening.delivery;
      return <span>{words[happening.kind](forwarder, connection)}</span>;
    }
  }
}
