// Trying a filter on what came in before anybody relies on it: how many match, which, and why near
// ones do not.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
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
import styles from "./forwarders.module.css";

const FILTER_KEYS = ["from", "match", "unless", "match_headers", "match_query"];
const SHOWN_EXAMPLES = 5;

export function TryFilter({ project }: { project: string }) {
  const words = useWords().forwarders.trial;
  const { definition } = useDefinitionForm();
  const [tried, setTried] = useState<Definition | null>(null);
  const filter = Object.fromEntries(
    Object.entries(definition).filter(([key]) => FILTER_KEYS.includes(key)),
  );
  const trying = useMutation({ mutationFn: (wanted: Definition) => tryFilter(project, wanted) });
  const changed = tried !== null && JSON.stringify(tried) !== JSON.stringify(filter);
  return (
    <div className={styles.trial}>
      <p className={styles.quiet}>{words.about}</p>
      <Button
        variant="default"
        loading={trying.isPending}
        disabled={!allReadable(Object.values(filter))}
        onClick={() => {
          setTried(filter);
          trying.mutate(filter);
        }}
      >
        {words.run}
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

function Trial({ project, trial }: { project: string; trial: FilterTrial }) {
  const { forwarders, definitions } = useWords();
  const words = forwarders.trial;
  const format = useFormat();
  const { looked_at, matched, unreadable, examples, near } = trial;
  if (looked_at === 0) {
    return <p role="status">{words.nothingYet}</p>;
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
            {examples.slice(0, SHOWN_EXAMPLES).map((message) => (
              <li key={message.id}>
                <Told project={project} message={message} />
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
              <li key={miss.message.id}>
                <Told project={project} message={miss.message} />
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
}

function Told({ project, message }: ToldProps) {
  return (
    <>
      <PlaceLink project={project} place="messages" name={message.id}>
        {message.identity ?? shortened(message.id)}
      </PlaceLink>{" "}
      <span className={styles.quiet}>
        {message.source} · <Time at={message.received_at} />
      </span>
    </>
  );
}
