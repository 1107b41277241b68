// Trying a filter on what came in before anybody relies on it, or on one message of it: how many match,
// which, and why near ones do not.
import { Button, Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { conditionTold } from "../../definitions/conditions";
import type { Definition } from "../../definitions/definition";
import { useDefinitionForm } from "../../definitions/form";
import { allReadable } from "../../definitions/JsonAt";
import { type FilterTrial, tryFilter } from "../../definitions/queries";
import { ErrorNote } from "../../design/ErrorNote";
import { shortened } from "../../design/Identifier";
import { PlaceLink } from "../../design/PlaceLink";
import { Prose } from "../../design/Prose";
import { Shape } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import { type Brought, broughtBy, eventOf, fitting } from "./events";
import styles from "./forwarders.module.css";
import { candidatesQuery } from "./previews";

const FILTER_KEYS = [
  ...["on", "from", "forms", "case_types", "applications", "users", "without_users"],
  ...["match", "unless", "match_headers", "match_query"],
];
const SHOWN_EXAMPLES = 5;

/** Tries the filter of the forwarder around it. */
export function TryFilter({ project }: { project: string }) {
  const { definition } = useDefinitionForm();
  const filter = Object.fromEntries(
    Object.entries(fitting(definition)).filter(([key]) => FILTER_KEYS.includes(key)),
  );
  return <TryThis project={project} filter={filter} brought={broughtBy(eventOf(definition))} />;
}

interface TryThisProps {
  project: string;
  /** As the hub takes it. */
  filter: Definition;
  brought: Brought;
  /** What the choice of messages is called, where no heading says what is tried. */
  label?: string;
}

export function TryThis({ project, filter, brought, label }: TryThisProps) {
  const words = useWords().forwarders.trial;
  const [message, setMessage] = useState<string | null>(null);
  const [tried, setTried] = useState<Definition | null>(null);
  const trying = useMutation({ mutationFn: (wanted: Definition) => tryFilter(project, wanted) });
  const wanted = { ...filter, ...(message === null ? {} : { message }) };
  const changed = tried !== null && JSON.stringify(tried) !== JSON.stringify(wanted);
  return (
    <div className={styles.trial}>
      <ChooseTried project={project} label={label} value={message} choose={setMessage} />
      <p className={styles.quiet}>{message === null ? words.abouts[brought] : words.aboutOne}</p>
      <Button
        variant="default"
        loading={trying.isPending}
        disabled={!allReadable(Object.values(filter))}
        onClick={() => {
          setTried(wanted);
          trying.mutate(wanted);
        }}
      >
        {message === null ? words.run : words.runOne}
      </Button>
      {trying.error !== null && <ErrorNote error={trying.error} />}
      {trying.data !== undefined && (
        <>
          {changed && <p className={styles.quiet}>{words.changed}</p>}
          <Trial project={project} trial={trying.data} />
        </>
      )}
    </div>
  );
}

const NEWEST = "";

interface ChooseTriedProps {
  project: string;
  label: string | undefined;
  /** A message; null are the newest. */
  value: string | null;
  choose: (message: string | null) => void;
}

function ChooseTried({ project, label, value, choose }: ChooseTriedProps) {
  const words = useWords().forwarders.trial;
  const format = useFormat();
  const messages = useQuery(candidatesQuery(project, "message")).data ?? [];
  const now = new Date();
  return (
    <Select
      label={label ?? words.on}
      data={[
        { value: NEWEST, label: words.newest },
        ...messages.map(({ id, label, at }) => ({
          value: id,
          label: at === null ? label : `${label} · ${format.minute(new Date(at), now)}`,
        })),
      ]}
      allowDeselect={false}
      searchable
      value={value ?? NEWEST}
      onChange={(chosen) => choose(chosen === NEWEST ? null : chosen)}
    />
  );
}

function Trial({ project, trial }: { project: string; trial: FilterTrial }) {
  const { forwarders, definitions } = useWords();
  const words = forwarders.trial;
  const format = useFormat();
  const { looked_at, matched, unreadable, examples, subjects, near } = trial;
  if (looked_at === 0) {
    return (
      <p role="status">
        {unreadable > 0 ? words.unreadable(format.number(unreadable)) : words.nothingYet}
      </p>
    );
  }
  return (
    <>
      <p role="status">
        <span className={styles.count}>
          {words.matched(format.number(matched), format.number(looked_at))}
        </span>
        {unreadable > 0 && (
          <span className={styles.quiet}> {words.unreadable(format.number(unreadable))}</span>
        )}
      </p>
      {examples.length > 0 && (
        <>
          <h3 className={styles.subtitle}>{words.examples}</h3>
          <ul className={styles.found}>
            {examples.slice(0, SHOWN_EXAMPLES).map((message, index) => (
              <li key={`${message.id} ${subjects[index]?.id}`}>
                <Told project={project} message={message} about={subjects[index]} />
              </li>
            ))}
          </ul>
        </>
      )}
      {near.length > 0 && (
        <>
          <h3 className={styles.subtitle}>{words.near}</h3>
          <ul className={styles.found}>
            {near.map((miss) => (
              <li key={`${miss.message.id} ${miss.about.id}`}>
                <Told project={project} message={miss.message} about={miss.about} />
                {miss.remark !== null && <Prose text={miss.remark} />}
                <ul className={styles.why}>
                  {miss.conditions.map((condition) => (
                    <li key={`${condition.part} ${condition.path} ${condition.expected}`}>
                      <Shape tone={condition.holds ? "well" : "bad"} />
                      <span>
                        <Prose text={conditionTold(condition, definitions.conditions)} />
                      </span>
                    </li>
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

interface ToldProps {
  project: string;
  message: FilterTrial["examples"][number];
  /** What of the message it is. */
  about: FilterTrial["subjects"][number] | undefined;
}

/** Where each kind of what is tried has its page. */
const PLACES = { submission: "submissions", case: "cases" } as const;

function Told({ project, message, about }: ToldProps) {
  const place = Object.entries(PLACES).find(([kind]) => kind === about?.kind)?.[1];
  return (
    <>
      {place === undefined || about === undefined ? (
        <PlaceLink project={project} place="messages" name={message.id}>
          {message.identity ?? shortened(message.id)}
        </PlaceLink>
      ) : (
        <PlaceLink project={project} place={place} name={about.id}>
          {shortened(about.id)}
        </PlaceLink>
      )}{" "}
      <span className={styles.quiet}>
        {message.source} · <Time at={message.received_at} />
      </span>
    </>
  );
}
