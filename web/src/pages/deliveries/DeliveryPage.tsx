// One delivery: its way, what became of it in a sentence, every attempt, and what can be done.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Clock } from "lucide-react";
import type { ReactNode } from "react";
import type { DeliveryDetails } from "../../api/types";
import { useLiveLook } from "../../api/useLiveLook";
import { useMay } from "../../api/useMay";
import { Copying, Identifier } from "../../design/Identifier";
import { useKeys } from "../../design/keys";
import { PageHead } from "../../design/PageHead";
import { type Place, PlaceLink } from "../../design/PlaceLink";
import { Facts, Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { known } from "../../i18n/known";
import { useWords } from "../../i18n/words";
import { LoadedPage } from "../../lists/Loaded";
import { Route } from "../../route/Route";
import { wayOfDelivery, wayOfMessage } from "../../route/stations";
import { Attempts } from "./Attempts";
import { DEEDS, isAllowed, isWaiting, onceMore } from "./deeds";
import styles from "./deliveries.module.css";
import { attemptsQuery, deliveryQuery, messageQuery } from "./queries";
import { storyOf } from "./story";
import { DELIVERY_TONES } from "./tones";
import { useDeed } from "./useDeed";

const route = getRouteApi("/inside/projects/$project/deliveries/$delivery");

export function DeliveryPage() {
  const words = useWords();
  const { project, delivery } = route.useParams();
  const query = useQuery(deliveryQuery(project, delivery));
  // Bodies of attempts never change: what is there stays.
  useLiveLook(
    [
      { queryKey: deliveryQuery(project, delivery).queryKey, exact: true },
      { queryKey: attemptsQuery(project, delivery).queryKey, exact: true },
    ],
    {
      concerns: ({ kind, id }) =>
        kind === "everything" ||
        (kind === "delivery" && (id === delivery || id === query.data?.waits_for)),
    },
  );
  return (
    <LoadedPage
      query={query}
      title={words.deliveries.delivery}
      beside={<Identifier id={delivery} />}
    >
      {(data) => <Shown project={project} delivery={data} />}
    </LoadedPage>
  );
}

interface OfDelivery {
  project: string;
  delivery: DeliveryDetails;
}

function Shown({ project, delivery }: OfDelivery) {
  const words = useWords();
  const message = useQuery(messageQuery(project, delivery.message)).data;
  const attempts = useQuery(attemptsQuery(project, delivery.id)).data ?? [];
  // What went wrong stands above, whole and to copy.
  const told = {
    ...delivery,
    last_error: null,
    last_attempt_at: attempts.at(-1)?.started_at ?? null,
  };
  const way = message === undefined ? wayOfDelivery(told) : wayOfMessage(message, null, [told]);
  return (
    <>
      <PageHead
        title={words.deliveries.delivery}
        beside={
          <>
            <Identifier id={delivery.id} />{" "}
            <StateMark tone={DELIVERY_TONES[delivery.state]}>
              {words.common.states[delivery.state]}
            </StateMark>
          </>
        }
        actions={<DeedButtons project={project} delivery={delivery} />}
      />
      <p className={styles.story}>{storyOf(delivery, words.deliveries.story)}</p>
      <LastError delivery={delivery} />
      <Route
        way={way}
        link={(branch, name) => (
          <PlaceLink project={project} place="connections" name={branch.connection}>
            {name}
          </PlaceLink>
        )}
      />
      <div className={styles.columns}>
        <WhatItIs project={project} delivery={delivery} />
        <Planned delivery={delivery} />
      </div>
      <Attempts project={project} delivery={delivery.id} />
    </>
  );
}

/** What went wrong last, exactly, to copy. After all went well it is nobody's trouble any more. */
function LastError({ delivery }: { delivery: DeliveryDetails }) {
  const words = useWords().deliveries;
  const { last_error, error_kind, state } = delivery;
  if (last_error === null || state === "succeeded") {
    return null;
  }
  const isOver = state === "cancelled" || state === "superseded";
  return (
    <section className={styles.error} data-over={isOver || undefined} aria-label={words.exactError}>
      <div>
        {error_kind !== null && <div>{words.kindTold(words.kinds[error_kind])}</div>}
        <code>{last_error}</code>
      </div>
      <Copying text={last_error} />
    </section>
  );
}

function DeedButtons({ project, delivery }: OfDelivery) {
  const words = useWords().deliveries.deeds;
  const may = useMay(project, "editor");
  const { act, doing } = useDeed(project);
  useKeys({ r: () => may && void act(onceMore(delivery), delivery) });
  if (!may) {
    return null;
  }
  const main = delivery.state === "succeeded" ? "resend" : onceMore(delivery);
  return DEEDS.filter((deed) => isAllowed(deed, delivery)).map((deed) => (
    <Button
      key={deed}
      variant={deed === main ? "filled" : "default"}
      loading={doing(delivery.id) === deed}
      disabled={doing(delivery.id) !== undefined}
      onClick={() => void act(deed, delivery)}
    >
      {words[deed]}
    </Button>
  ));
}

function WhatItIs({ project, delivery }: OfDelivery) {
  const words = useWords().deliveries;
  const { facts } = words;
  const other = (id: string | null) =>
    id === null ? null : (
      <Link to="/projects/$project/deliveries/$delivery" params={{ project, delivery: id }}>
        <Identifier id={id} plain />
      </Link>
    );
  const record = (place: Place, id: string | null) =>
    id === null ? null : (
      <PlaceLink key={place} project={project} place={place} name={id}>
        <Identifier id={id} plain />
      </PlaceLink>
    );
  const budgetIsNew = delivery.registered_at.slice(0, 23) > delivery.made_at.slice(0, 23);
  const all: [string, ReactNode][] = [
    [facts.event, known(facts.events, delivery.event) ?? delivery.event],
    [facts.submission, record("submissions", delivery.submission)],
    [facts.case, record("cases", delivery.case)],
    [facts.message, record("messages", delivery.message)],
    [
      facts.forwarder,
      <PlaceLink key="forwarder" project={project} place="forwarders" name={delivery.forwarder}>
        {delivery.forwarder}
      </PlaceLink>,
    ],
    [
      facts.connection,
      <PlaceLink key="connection" project={project} place="connections" name={delivery.connection}>
        {delivery.connection}
      </PlaceLink>,
    ],
    [facts.key, delivery.case === null ? delivery.key : null],
    [facts.made, <Time key="made" at={delivery.made_at} shown="clock" />],
    [
      facts.budget,
      budgetIsNew ? <Time key="budget" at={delivery.registered_at} shown="clock" /> : null,
    ],
    [facts.origin, delivery.origin === "event" ? null : words.origins[delivery.origin]],
    [facts.resendOf, other(delivery.resend_of)],
    [facts.supersededBy, other(delivery.superseded_by)],
    [facts.waitsFor, other(delivery.waits_for)],
    [facts.followers, delivery.followers > 0 ? facts.waiting(delivery.followers) : null],
  ];
  return (
    <Section title={facts.title}>
      <Facts facts={all.filter(([, value]) => value !== null)} />
    </Section>
  );
}

function Planned({ delivery }: { delivery: DeliveryDetails }) {
  const words = useWords().deliveries;
  if (delivery.planned_attempts.length === 0 || !isWaiting(delivery.state)) {
    return null;
  }
  return (
    <Section title={words.planned}>
      <p className={styles.quiet}>{words.plannedAbout}</p>
      <ol className={styles.planned}>
        {delivery.planned_attempts.map((at) => (
          <li key={at}>
            <Clock size={14} aria-hidden="true" />
            <Time at={at} />
            <span className={styles.quiet}>
              <Time at={at} shown="clock" />
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
