// What a person may have to look at, each with the way to it.
import type { ReactNode } from "react";
import type { Overview } from "../../api/types";
import { PlaceLink } from "../../design/PlaceLink";
import { Shape, type Tone } from "../../design/StateMark";
import { useNow } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./overview.module.css";

export function OverviewFacts({ project, look }: { project: string; look: Overview }) {
  const words = useWords().overview.facts;
  const format = useFormat();
  const now = useNow();
  const { oldest_waiting: oldest, today_since: since } = look;
  return (
    <ul className={styles.facts} aria-label={words.title}>
      <Fact
        label={words.waiting}
        value={
          look.waiting_is_more ? `${format.number(look.waiting)}+` : format.number(look.waiting)
        }
        tone={look.waiting > 0 ? "waiting" : null}
        link={(content) => (
          <PlaceLink project={project} place="deliveries" filters={{ states: "pending,failed" }}>
            {content}
          </PlaceLink>
        )}
      >
        {oldest === null
          ? words.nothingWaits
          : words.oldest(format.minute(new Date(oldest.since), now), oldest.connection)}
      </Fact>
      <Fact
        label={words.quarantined}
        value={format.number(look.quarantined_today)}
        tone={look.quarantined_today > 0 ? "bad" : null}
        link={(content) => (
          <PlaceLink project={project} place="messages" filters={{ state: "quarantined", since }}>
            {content}
          </PlaceLink>
        )}
      >
        {words.quarantinedAbout}
      </Fact>
      <Fact
        label={words.givenUp}
        value={format.number(look.given_up_today)}
        tone={look.given_up_today > 0 ? "bad" : null}
        link={(content) => (
          <PlaceLink project={project} place="deliveries" filters={{ states: "rejected,broken" }}>
            {content}
          </PlaceLink>
        )}
      >
        <PlaceLink project={project} place="deliveries" filters={{ state: "rejected" }}>
          {words.refused}
        </PlaceLink>
        {" · "}
        <PlaceLink project={project} place="deliveries" filters={{ state: "broken" }}>
          {words.triedTooOften}
        </PlaceLink>
      </Fact>
      <Fact
        label={words.incidents}
        value={format.number(look.incidents_open)}
        tone={look.incidents_open > 0 ? "bad" : null}
        link={(content) => (
          <PlaceLink project={project} place="incidents">
            {content}
          </PlaceLink>
        )}
      >
        {words.incidentsAbout}
      </Fact>
    </ul>
  );
}

interface FactProps {
  label: string;
  value: string;
  tone: Tone | null;
  /** Where its name leads. */
  link?: (content: ReactNode) => ReactNode;
  children: ReactNode;
}

function Fact({ label, value, tone, link, children }: FactProps) {
  return (
    <li className={styles.fact}>
      {link === undefined ? label : link(label)}
      <span className={styles.value}>
        {value}
        {tone !== null && <Shape tone={tone} size={14} />}
      </span>
      <span className={styles.small}>{children}</span>
    </li>
  );
}
