// One incident: what it is, since when, whom it concerns, what to press, and who was told.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { IncidentWithNotices, Lane } from "../../api/types";
import { useLiveLook } from "../../api/useLiveLook";
import { PauseNote } from "../../definitions/PauseNote";
import { lanesQuery } from "../../definitions/queries";
import { Copying, Identifier } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { Facts, Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time, useTicking } from "../../design/Time";
import type { Formats } from "../../i18n/formats";
import { useFormat, useWords, type Words } from "../../i18n/words";
import { LoadedPage } from "../../lists/Loaded";
import { IncidentChart } from "./IncidentChart";
import { IncidentDeeds } from "./IncidentDeeds";
import styles from "./incidents.module.css";
import { Notices } from "./Notices";
import { incidentQuery } from "./queries";
import { tellIncident } from "./tell";

const route = getRouteApi("/inside/projects/$project/incidents/$incident");

export function IncidentPage() {
  const words = useWords();
  const { project, incident } = route.useParams();
  const query = useQuery(incidentQuery(project, incident));
  // Every try changes the counts.
  useLiveLook(
    [
      { queryKey: incidentQuery(project, incident).queryKey },
      { queryKey: lanesQuery(project).queryKey },
    ],
    { counts: true },
  );
  return (
    <LoadedPage
      query={query}
      title={words.incidents.incident}
      beside={<Identifier id={incident} />}
    >
      {(data) => <Shown project={project} incident={data} />}
    </LoadedPage>
  );
}

interface OfIncident {
  project: string;
  incident: IncidentWithNotices;
}

function Shown({ project, incident }: OfIncident) {
  const words = useWords().incidents;
  const format = useFormat();
  const told = useTicking((now) => tellIncident(incident, words.told, format, now));
  const isOpen = incident.state === "open";
  const lanes = useQuery({
    ...lanesQuery(project),
    enabled: isOpen && incident.kind === "connection",
  }).data;
  const lane = lanes?.find(({ connection }) => connection === incident.subject) ?? null;
  return (
    <>
      <PageHead
        title={words.titles[incident.kind](incident.subject)}
        beside={
          <>
            <Identifier id={incident.id} />{" "}
            <StateMark tone={isOpen ? "bad" : "well"}>{words.states[incident.state]}</StateMark>
          </>
        }
      />
      <p className={styles.told}>
        {told} <LaneWords lane={lane} />
      </p>
      {lane !== null && <PauseNote pause={lane.pause} ofProject={lane.paused_by === "project"} />}
      {incident.last?.error != null && (
        <div className={styles.error} data-over={!isOpen || undefined}>
          <code>{incident.last.error}</code>
          <Copying text={incident.last.error} />
        </div>
      )}
      <IncidentDeeds project={project} incident={incident} lane={lane} />
      <IncidentChart project={project} incident={incident} />
      <div className={styles.columns}>
        <Counts incident={incident} lane={lane} />
        <Last project={project} incident={incident} />
      </div>
      <Notices notices={incident.notices} />
    </>
  );
}

function LaneWords({ lane }: { lane: Lane | null }) {
  const words = useWords().incidents.told;
  const format = useFormat();
  return useTicking((now) => (lane === null ? "" : laneWords(lane, words, format, now)));
}

function laneWords(
  lane: Lane,
  words: Words["incidents"]["told"],
  format: Formats,
  now: Date,
): string {
  const { waiting, waiting_is_more, paused_by, again_at, next_retry_at } = lane;
  const next = again_at ?? next_retry_at;
  const parts = [
    waiting === 0
      ? null
      : waiting === 1
        ? words.waitingOne
        : words.waiting(`${format.number(waiting)}${waiting_is_more ? "+" : ""}`),
    paused_by === "connection" ? words.paused : null,
    paused_by === null && waiting > 0 && next !== null
      ? words.next(format.relative(new Date(next), now))
      : null,
  ];
  return parts.filter((part) => part !== null).join(" ");
}

function Counts({ incident, lane }: { incident: IncidentWithNotices; lane: Lane | null }) {
  const words = useWords().incidents;
  const format = useFormat();
  const { opened_at, recovered_at, reminded_at, failures, given_up, kind } = incident;
  const ofConnection = kind === "connection";
  const failed = kind === "silence" ? null : format.number(failures);
  const time = (at: string | null | undefined) =>
    at == null ? null : <Time at={at} shown="clock" />;
  const facts: [string, ReactNode][] = [
    [words.noticed, time(opened_at)],
    [words.ended, time(recovered_at)],
    [kind === "call" ? words.failedCalls : words.failures, failed],
    [words.givenUp, ofConnection ? format.number(given_up) : null],
    [words.waiting, lane === null ? null : format.number(lane.waiting)],
    [words.oldest, time(lane?.oldest_first_try_at)],
    [words.nextTry, time(lane?.again_at ?? lane?.next_retry_at)],
    [words.reminded, time(reminded_at)],
  ];
  return (
    <Section title={recovered_at === null ? words.counts : words.countsOver}>
      <Facts facts={facts.filter(([, value]) => value !== null)} />
    </Section>
  );
}

function Last({ project, incident }: OfIncident) {
  const words = useWords().incidents;
  const { last, kind } = incident;
  if (last === null) {
    return (
      <Section title={words.lastMessage}>
        <p className={styles.quiet}>{words.lastNever}</p>
      </Section>
    );
  }
  const facts: [string, ReactNode][] = [
    [words.at, <Time key="at" at={last.at} shown="clock" />],
    [words.url, last.url === null ? null : <code key="url">{last.url}</code>],
    [words.key, last.key],
    [
      words.submission,
      last.submission === null ? null : (
        <PlaceLink key="submission" project={project} place="submissions" name={last.submission}>
          <Identifier id={last.submission} plain />
        </PlaceLink>
      ),
    ],
    [
      words.delivery,
      last.delivery === null ? null : (
        <Link
          key="delivery"
          to="/projects/$project/deliveries/$delivery"
          params={{ project, delivery: last.delivery }}
        >
          <Identifier id={last.delivery} plain />
        </Link>
      ),
    ],
    [
      words.message,
      last.payload_id === null ? null : (
        <PlaceLink key="message" project={project} place="messages" name={last.payload_id}>
          <Identifier id={last.payload_id} plain />
        </PlaceLink>
      ),
    ],
  ];
  return (
    <Section title={kind === "silence" ? words.lastMessage : words.last}>
      <Facts facts={facts.filter(([, value]) => value !== null)} />
    </Section>
  );
}
