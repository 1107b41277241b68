// The answer of the page, first of all: is anything wrong, since when, and what can be done.
import type { ComponentProps } from "react";
import type { Incident, Lane, Overview } from "../../api/types";
import { PauseNote } from "../../definitions/PauseNote";
import { useTitle } from "../../design/PageHead";
import { useNow } from "../../design/Time";
import type { Formats } from "../../i18n/formats";
import { useFormat, useWords, type Words } from "../../i18n/words";
import { DestinationDeeds, ResumeConnection, ResumeProject, SeeWhy } from "./Deeds";
import styles from "./Headline.module.css";
import { type Trouble, type TroubledDestination, troublesOf } from "./trouble";

/** More troubles than these are told by the tables below, where they stand first. */
const MOST_TOLD = 3;

interface HeadlineProps {
  project: string;
  look: Overview;
  incidents: Incident[];
  /** What is known of pauses; empty where nothing is paused. */
  lanes: Lane[];
}

export function Headline({ project, look, incidents, lanes }: HeadlineProps) {
  const words = useWords().overview;
  const format = useFormat();
  const now = useNow();
  useTitle(words.title);
  const troubles = troublesOf(look, incidents);
  const [first] = troubles;
  const pausedBy = lanes.find((lane) => lane.paused_by === "hub" || lane.paused_by === "project");
  // A pause of everything takes the headline: then a single trouble is told below it as well.
  const alone = troubles.length === 1 && first !== undefined && pausedBy === undefined;
  const title = () => {
    if (pausedBy !== undefined) {
      return pausedBy.paused_by === "hub" ? words.hubPaused : words.projectPaused;
    }
    if (alone) {
      return words.wellBut(tell(first, words, format, now));
    }
    if (troubles.length > 0) {
      return words.troubles(troubles.length);
    }
    const untouched = look.sources.every((source) => source.state === "never");
    return untouched ? words.nothingYet : words.well;
  };
  return (
    <header className={styles.head} data-bad={troubles.length > 0 || undefined}>
      <div className={styles.line}>
        <h1 className={styles.title} tabIndex={-1}>
          {title()}
        </h1>
        {pausedBy?.paused_by === "project" && <ResumeProject project={project} />}
      </div>
      <p className={styles.about}>
        {words.today(format.number(look.received.today), format.number(look.delivered.today))}
      </p>
      {alone && <Detail project={project} trouble={first} />}
      {troubles.length > 0 && !alone && (
        <ul className={styles.troubles}>
          {troubles.slice(0, MOST_TOLD).map((trouble) => (
            <li key={`${trouble.kind} ${trouble.name}`} className={styles.trouble}>
              <strong>{tell(trouble, words, format, now)}</strong>
              <Detail project={project} trouble={trouble} />
            </li>
          ))}
          {troubles.length > MOST_TOLD && (
            <li className={styles.trouble}>{words.moreTroubles(troubles.length - MOST_TOLD)}</li>
          )}
        </ul>
      )}
      {pausedBy === undefined ? (
        <Paused project={project} look={look} />
      ) : (
        <PauseOf pause={pausedBy.pause} ofProject />
      )}
    </header>
  );
}

/** One sentence: what does not work, and since when. */
function tell(trouble: Trouble, words: Words["overview"], format: Formats, now: Date): string {
  const { name } = trouble;
  const minute = (at: string) => format.minute(new Date(at), now);
  const since = trouble.since === null ? null : minute(trouble.since);
  if (trouble.kind === "source") {
    return since === null ? words.silentEver(name) : words.silentSince(name, since);
  }
  if (trouble.kind === "call") {
    return words.callFails(name, minute(trouble.since));
  }
  if (trouble.standing === "failing") {
    return since === null ? words.failingEver(name) : words.failing(name, since);
  }
  if (since === null) {
    return words.trouble(name);
  }
  const { recovering } = trouble.health;
  return trouble.standing === "in_trouble" && recovering !== null
    ? words.takesAgain(name, minute(recovering.worked_at), minute(recovering.over_at))
    : tellSince(trouble, since, words);
}

function tellSince(trouble: TroubledDestination, since: string, words: Words["overview"]): string {
  const { name, standing, taken, called, status } = trouble;
  if (standing === "paused_in_trouble") {
    return words.pausedInTrouble(name, since);
  }
  if (taken === "some") {
    return words.takesSome(name, since);
  }
  if (!called) {
    return words.troubleSince(name, since);
  }
  return status === null
    ? words.notAnswered(name, since)
    : words.answersErrors(name, String(status), since);
}

/** Why something is paused, in the words of whoever did it. */
function PauseOf(props: ComponentProps<typeof PauseNote>) {
  return (
    <div className={styles.pause}>
      <PauseNote {...props} />
    </div>
  );
}

/** What waits and when it is tried again, what to press, and the exact error. */
function Detail({ project, trouble }: { project: string; trouble: Trouble }) {
  if (trouble.kind === "source") {
    return (
      <div className={styles.detail}>
        <SeeWhy project={project} trouble={trouble} />
      </div>
    );
  }
  const { last_error: error } = trouble.health;
  if (trouble.kind === "call") {
    return (
      <>
        <div className={styles.detail}>
          <SeeWhy project={project} trouble={trouble} />
        </div>
        <ExactError error={error} />
      </>
    );
  }
  return (
    <>
      <div className={styles.detail}>
        <WaitingWords trouble={trouble} />
        <DestinationDeeds project={project} trouble={trouble} />
      </div>
      {trouble.standing === "paused_in_trouble" && <PauseOf pause={trouble.health.pause} />}
      {/* What went wrong before everything was taken again is on the page of the incident. */}
      {trouble.taken !== "again" && <ExactError error={error} />}
    </>
  );
}

function ExactError({ error }: { error: string | null }) {
  const words = useWords().overview;
  return error === null ? null : (
    <code className={styles.error} title={words.exactError}>
      {error}
    </code>
  );
}

function WaitingWords({ trouble }: { trouble: TroubledDestination }) {
  const words = useWords().overview;
  const format = useFormat();
  const now = useNow();
  const { waiting, waiting_is_more: more, next_try_at: next } = trouble.health;
  const parts = [
    more ? words.waitingMore(format.number(waiting)) : waiting > 0 ? words.waiting(waiting) : null,
    next === null
      ? null
      : new Date(next) <= now
        ? words.nextTryNow
        : words.nextTry(format.relative(new Date(next), now)),
  ];
  const told = parts.filter((part) => part !== null).join(" ");
  return told === "" ? null : <span>{told}</span>;
}

/** Destinations that a person paused: nothing is wrong, but it is good to remember. Those whose
 *  incident lasts are told above. */
function Paused({ project, look }: Pick<HeadlineProps, "project" | "look">) {
  const words = useWords().overview;
  const paused = look.connections.filter(
    ({ state, incident }) => state === "paused" && incident === null,
  );
  const [only] = paused;
  if (only === undefined) {
    return null;
  }
  if (paused.length > MOST_TOLD) {
    return <p className={styles.detail}>{words.pausedMany(paused.length)}</p>;
  }
  const names = paused.map((connection) => connection.name).join(", ");
  const alone = paused.length === 1;
  return (
    <>
      <p className={styles.detail}>
        <span>{words.pausedNames(names, paused.length)}</span>
        {alone && <ResumeConnection project={project} connection={only.name} />}
      </p>
      {alone && <PauseOf pause={only.pause} />}
    </>
  );
}
