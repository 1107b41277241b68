// The first submission: a postmark that waits, and stamps itself when something comes; then what
// came, and what should happen with it.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { tellsOf } from "../../api/events";
import type { Message } from "../../api/types";
import { useLiveLook } from "../../api/useLiveLook";
import { useMay } from "../../api/useMay";
import { connectionsQuery, forwardersQuery } from "../../definitions/queries";
import { PlaceLink } from "../../design/PlaceLink";
import { Section } from "../../design/Section";
import { Time } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { PayloadView } from "../../payload/PayloadView";
import { bodyQuery, viewQuery } from "../messages/queries";
import styles from "./firstSteps.module.css";
import { newestQuery } from "./queries";

interface OfSource {
  project: string;
  source: string;
}

const concerns = tellsOf("message");

export function FirstSubmission({ project, source }: OfSource) {
  const words = useWords().firstSteps;
  const newest = newestQuery(project, source);
  useLiveLook([{ queryKey: newest.queryKey }], { concerns });
  return (
    <Loaded query={useQuery(newest)}>
      {(message) => (
        <>
          <Section title={words.waiting}>
            <div className={styles.arrival}>
              <Postmark message={message} source={source} />
              <div className={styles.status}>
                <p role="status" aria-live="polite">
                  {message === null ? words.waitingText : <strong>{words.stamped}</strong>}
                </p>
                {/* The time goes on by itself: it stands outside of what is read out. */}
                {message !== null && (
                  <p>
                    <Time at={message.received_at} />
                    {" · "}
                    <PlaceLink project={project} place="messages" name={message.id}>
                      {words.openMessage}
                    </PlaceLink>
                  </p>
                )}
              </div>
            </div>
            {message !== null && <Submission project={project} message={message} />}
          </Section>
          {message !== null && message.state !== "quarantined" && (
            <Next project={project} source={source} />
          )}
        </>
      )}
    </Loaded>
  );
}

/** A postmark: dashed while it waits, stamped with the time when something has come. */
function Postmark({ message, source }: { message: Message | null; source: string }) {
  const format = useFormat();
  const words = useWords().firstSteps;
  const stamped = message !== null;
  return (
    <svg className={styles.postmark} data-stamped={stamped} viewBox="0 0 160 96" aria-hidden="true">
      <circle cx="48" cy="48" r="42" />
      <circle cx="48" cy="48" r="31" />
      <path d="M94 30q10-6 20 0t20 0 20 0M94 42q10-6 20 0t20 0 20 0M94 54q10-6 20 0t20 0 20 0M94 66q10-6 20 0t20 0 20 0" />
      {stamped && (
        <>
          <text x="48" y="42">
            {source.slice(0, 9)}
          </text>
          <text x="48" y="55" className={styles.clock}>
            {format.clock(new Date(message.received_at), new Date(message.received_at))}
          </text>
          <text x="48" y="66">
            {words.received}
          </text>
        </>
      )}
    </svg>
  );
}

function Submission({ project, message }: { project: string; message: Message }) {
  const words = useWords().firstSteps;
  const unreadable = message.state === "quarantined";
  const { data } = useQuery(
    unreadable ? bodyQuery(project, message.id) : viewQuery(project, message.id),
  );
  return (
    <>
      {unreadable && (
        <p className={styles.bad}>
          {words.quarantined} {message.reason}
        </p>
      )}
      {data !== undefined && <PayloadView payload={data} />}
    </>
  );
}

function Next({ project, source }: OfSource) {
  const words = useWords().firstSteps;
  const mayForward = useMay(project, "editor");
  const mayConnect = useMay(project, "admin");
  const connections = useQuery(connectionsQuery(project)).data ?? [];
  const takers = (useQuery(forwardersQuery(project)).data ?? []).filter(
    ({ from }) => from === null || from === source,
  );
  return (
    <Section title={words.next}>
      {takers.length > 0 ? (
        <p className={styles.existing}>
          {words.goesOn}
          {takers.map((forwarder) => (
            <PlaceLink
              key={forwarder.name}
              project={project}
              place="forwarders"
              name={forwarder.name}
            >
              {forwarder.name} → {forwarder.to}
            </PlaceLink>
          ))}
        </p>
      ) : (
        <p>{words.nextAbout}</p>
      )}
      <div className={styles.choices}>
        {mayForward &&
          connections.map(({ name }) => (
            <Button
              key={name}
              variant="default"
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/projects/$project/new/forwarder"
                  params={{ project }}
                  search={{ from: source, to: name }}
                />
              )}
            >
              {words.toConnection(name)}
            </Button>
          ))}
        {mayConnect && (
          <Button
            renderRoot={(props) => (
              <Link
                {...props}
                to="/projects/$project/new/connection"
                params={{ project }}
                search={{ source }}
              />
            )}
          >
            {words.toNew}
          </Button>
        )}
        <Button
          variant="subtle"
          renderRoot={(props) => (
            <Link {...props} to="/projects/$project/messages" params={{ project }} search={{}} />
          )}
        >
          {words.later}
        </Button>
      </div>
    </Section>
  );
}
