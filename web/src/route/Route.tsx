// The route, at full width: the stations of one message with their times, and each delivery as a
// branch with its outcome, its reason, and its next try as a dashed continuation with a clock.
import { Tooltip } from "@mantine/core";
import { Clock } from "lucide-react";
import type { ReactNode } from "react";
import { Time, useNow } from "../design/Time";
import { useFormat, useWords } from "../i18n/words";
import styles from "./Route.module.css";
import type { Branch, Station, Way } from "./stations";
import { nextWords, stationNote, stationWord } from "./tell";

interface RouteProps {
  way: Way;
  /** The name of a branch, as a link to its delivery. */
  link?: (branch: Branch, name: ReactNode) => ReactNode;
  /** What can be done about a branch: small buttons at its end. */
  actions?: (branch: Branch) => ReactNode;
}

export function Route({ way, link, actions }: RouteProps) {
  const words = useWords().route;
  return (
    <section className={styles.route} aria-label={words.way}>
      <ol className={styles.trunk}>
        {way.trunk.map((station) => (
          <StationMark key={station.kind} station={station} />
        ))}
      </ol>
      {way.branches.length > 0 && (
        <ul className={styles.branches}>
          {way.branches.map((branch) => (
            <BranchLine key={branch.delivery} branch={branch} link={link} actions={actions} />
          ))}
        </ul>
      )}
    </section>
  );
}

function StationMark({ station }: { station: Station }) {
  const words = useWords().route;
  const note = stationNote(station, words);
  return (
    <li className={styles.station} data-tone={station.tone}>
      <span className={styles.postmark} aria-hidden="true" />
      <span className={styles.word}>{stationWord(station, words)}</span>
      {(station.at !== null || note !== null) && (
        <span className={styles.under}>
          {station.at !== null && <Time at={station.at} shown="clock" />}
          {note}
        </span>
      )}
      {station.tone === "failed" && station.reason !== null && (
        <span className={styles.reason}>{station.reason}</span>
      )}
    </li>
  );
}

interface BranchLineProps extends Pick<RouteProps, "link" | "actions"> {
  branch: Branch;
}

function BranchLine({ branch, link, actions }: BranchLineProps) {
  const words = useWords();
  const name = <span className={styles.name}>{branch.connection}</span>;
  return (
    <li className={styles.branch} data-tone={branch.tone}>
      <span className={styles.rail} aria-hidden="true" />
      <span className={styles.postmark} aria-hidden="true" />
      <div className={styles.told}>
        <div className={styles.outcome}>
          {link === undefined ? name : link(branch, name)}
          <span className={styles.state}>{words.common.states[branch.state]}</span>
          {branch.at !== null && <Time at={branch.at} shown="clock" className={styles.quiet} />}
          {branch.status !== null && <span className={styles.quiet}>{branch.status}</span>}
          {branch.tries > 1 && (
            <span className={styles.quiet}>{words.route.tries(branch.tries)}</span>
          )}
          {actions?.(branch)}
        </div>
        {branch.reason !== null && (
          <Tooltip label={branch.reason}>
            <div className={styles.reason}>{branch.reason}</div>
          </Tooltip>
        )}
        <Next branch={branch} />
      </div>
    </li>
  );
}

function Next({ branch }: { branch: Branch }) {
  const words = useWords().route;
  const format = useFormat();
  const next = nextWords(branch, words, format, useNow());
  if (next === null) {
    return null;
  }
  return (
    <div className={styles.next}>
      <span className={styles.dashes} aria-hidden="true" />
      <Clock size={12} aria-hidden="true" />
      <span>{next}</span>
    </div>
  );
}
