// One message: its way at full width, and below it what it is, why it went where it went, and
// everything that happened to it.
import { Button, Tabs } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import type { Timeline } from "../../api/types";
import { useLiveLook } from "../../api/useLiveLook";
import { useMay } from "../../api/useMay";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { Identifier } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { useAskWithReason } from "../../design/Reason";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useToast } from "../../design/Toasts";
import tabs from "../../design/tabs.module.css";
import { useFormat, useWords } from "../../i18n/words";
import { LoadedPage } from "../../lists/Loaded";
import { Route } from "../../route/Route";
import { wayOfMessage } from "../../route/stations";
import { BranchDeed } from "../deliveries/BranchDeed";
import { Headers, Parsed, Received } from "./MessagePayload";
import { Attempts, History, Matched } from "./MessageTabs";
import styles from "./messages.module.css";
import { replayMessage, timelineQuery } from "./queries";
import { MESSAGE_TABS, type MessageTab } from "./routes";
import { Versions } from "./Versions";

const RunsOfMessage = lazy(() =>
  import("../runs/RunsOfMessage").then(({ RunsOfMessage }) => ({ default: RunsOfMessage })),
);

const route = getRouteApi("/inside/projects/$project/messages/$message");

/** Deliveries that may be of this message, and mostly are not, are looked for this often at most. */
const STRANGERS_MILLISECONDS = 10_000;

export function MessagePage() {
  const words = useWords();
  const { project, message } = route.useParams();
  const query = useQuery(timelineQuery(project, message));
  const looks = [{ queryKey: timelineQuery(project, message).queryKey }];
  const known = (id: string | null) =>
    id === message || query.data?.deliveries.some((delivery) => delivery.id === id) === true;
  useLiveLook(looks, { concerns: ({ kind, id }) => kind === "everything" || known(id) });
  // A delivery that was just made is nobody's yet: its message is not in the event.
  useLiveLook(looks, {
    concerns: ({ kind, id }) => kind === "delivery" && !known(id),
    pauseMilliseconds: STRANGERS_MILLISECONDS,
  });
  return (
    <LoadedPage query={query} title={words.messages.message} beside={<Identifier id={message} />}>
      {(data) => <Shown project={project} timeline={data} />}
    </LoadedPage>
  );
}

function Shown({ project, timeline }: { project: string; timeline: Timeline }) {
  const words = useWords();
  const format = useFormat();
  const { message, matches, deliveries, versions } = timeline;
  const readable = message.state !== "quarantined";
  const { tab = readable ? "parsed" : "received" } = route.useSearch();
  const navigate = route.useNavigate();
  const isErased = message.erased_at !== null;
  const way = wayOfMessage(
    message,
    // Of what was erased nobody knows any more who wanted it.
    isErased ? null : matches,
    deliveries.map((delivery) => ({
      ...delivery,
      last_attempt_at: delivery.tries.at(-1)?.started_at ?? null,
    })),
  );
  const facts = [
    words.messages.from(timeline.source.name),
    timeline.decoded?.form ?? null,
    message.identity,
    format.bytes(message.bytes),
    message.version > 1 ? words.messages.versionOf(message.version) : null,
    message.seen > 1 ? words.messages.seen(message.seen) : null,
  ].filter((fact) => fact !== null);
  return (
    <>
      <PageHead
        title={words.messages.message}
        beside={<Identifier id={message.id} />}
        about={facts.join(" · ")}
        actions={
          !isErased && (
            <>
              <MakeWorkflow project={project} timeline={timeline} />
              <Replay project={project} message={message.id} />
            </>
          )
        }
      />
      <Route
        way={way}
        link={(branch, name) => (
          <Link
            to="/projects/$project/deliveries/$delivery"
            params={{ project, delivery: branch.delivery }}
          >
            {name}
          </Link>
        )}
        actions={(branch) => <BranchDeed project={project} branch={branch} />}
      />
      {message.erased_at !== null && (
        <StateMark tone="ended">
          {words.messages.erased} <Time at={message.erased_at} />
        </StateMark>
      )}
      <Filed project={project} timeline={timeline} />
      <Suspense fallback={null}>
        <RunsOfMessage project={project} message={message.id} />
      </Suspense>
      <Tabs
        value={tab}
        onChange={(value) =>
          void navigate({
            search: { tab: MESSAGE_TABS.find((each) => each === value) },
            replace: true,
          })
        }
        keepMounted={false}
        className={tabs.tabs}
      >
        <Tabs.List>
          {MESSAGE_TABS.map((each) => (
            <Tabs.Tab key={each} value={each} ref={each === tab ? inSight : undefined}>
              {words.messages.tabs[each]}
              {each === "versions" && versions.length > 1
                ? ` ${format.number(versions.length)}`
                : ""}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} className={tabs.panel}>
          <TabContent tab={tab} project={project} timeline={timeline} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

/** A workflow for messages of this kind, begun with this one to look at. */
function MakeWorkflow({ project, timeline }: { project: string; timeline: Timeline }) {
  const words = useWords().messages;
  const may = useMay(project, "admin");
  return may ? (
    <Button
      variant="default"
      renderRoot={(props) => (
        <Link
          {...props}
          to="/projects/$project/new/workflow"
          params={{ project }}
          search={{ source: timeline.source.name, message: timeline.message.id }}
        />
      )}
    >
      {words.makeWorkflow}
    </Button>
  ) : null;
}

/** What it made: the submissions that it brought, and the cases that these touched. */
function Filed({ project, timeline }: { project: string; timeline: Timeline }) {
  const words = useWords();
  const { submissions, cases, filed_are_more } = timeline;
  if (submissions.length + cases.length === 0) {
    return null;
  }
  return (
    <ul className={styles.filed} aria-label={words.messages.filed}>
      {submissions.map(({ id, form, number }) => (
        <li key={id}>
          <Link
            to="/projects/$project/submissions/$submission"
            params={{ project, submission: id }}
          >
            {words.submissions.named(form, String(number))}
          </Link>
        </li>
      ))}
      {cases.map(({ id, name, type }) => (
        <li key={id}>
          <Link to="/projects/$project/cases/$case" params={{ project, case: id }}>
            {name || id}
          </Link>
          {type !== "" && <span className={styles.quiet}> {type}</span>}
        </li>
      ))}
      {filed_are_more && <li>…</li>}
    </ul>
  );
}

/** On a phone the tabs are a strip: the one that is open shows. */
function inSight(tab: HTMLElement | null): void {
  tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** The tabs that show what came in, or depend on it. */
const OF_CONTENT: readonly MessageTab[] = ["received", "parsed", "matched"];

interface TabContentProps {
  tab: MessageTab;
  project: string;
  timeline: Timeline;
}

function TabContent({ tab, project, timeline }: TabContentProps) {
  const words = useWords().messages;
  const { id, erased_at } = timeline.message;
  if (erased_at !== null && OF_CONTENT.includes(tab)) {
    return <EmptyState>{words.erasedAbout}</EmptyState>;
  }
  switch (tab) {
    case "received":
      return <Received project={project} message={id} />;
    case "parsed":
      return <Parsed project={project} message={id} source={timeline.message.source} />;
    case "headers":
      return <Headers project={project} message={id} />;
    case "matched":
      return <Matched timeline={timeline} />;
    case "attempts":
      return <Attempts project={project} timeline={timeline} />;
    case "versions":
      return <Versions project={project} timeline={timeline} />;
    case "history":
      return <History timeline={timeline} />;
  }
}

function Replay({ project, message }: { project: string; message: string }) {
  const words = useWords().messages;
  const askWhy = useAskWithReason();
  const toast = useToast();
  const client = useQueryClient();
  const may = useMay(project, "editor");
  const replaying = useMutation({
    mutationFn: (reason: string | null) => replayMessage(project, message, reason),
    onSuccess: ({ deliveries, unreadable }) => {
      toast(
        unreadable === null
          ? { text: words.replayed(deliveries.length) }
          : { text: words.replayUnreadable(unreadable), bad: true },
      );
      return client.invalidateQueries({ queryKey: timelineQuery(project, message).queryKey });
    },
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  if (!may) {
    return null;
  }
  const ask = async () => {
    const question = { title: words.replayAsk, text: words.replayAbout, action: words.replay };
    const reason = await askWhy(question);
    if (reason !== false) {
      replaying.mutate(reason);
    }
  };
  return (
    <Button variant="default" loading={replaying.isPending} onClick={() => void ask()}>
      {words.replay}
    </Button>
  );
}
