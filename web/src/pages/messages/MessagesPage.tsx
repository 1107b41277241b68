// Everything that came in, newest first, live.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import type { Message } from "../../api/types";
import { useMay } from "../../api/useMay";
import { sourcesQuery, urlsQuery } from "../../definitions/queries";
import { EmptyState } from "../../design/EmptyState";
import { Identifier, shortened } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { StateMark, type Tone } from "../../design/StateMark";
import { Time } from "../../design/Time";
import type { Formats } from "../../i18n/formats";
import { useFormat, useWords, type Words } from "../../i18n/words";
import { useListAddress } from "../../lists/address";
import type { Column } from "../../lists/columns";
import { FilteredList } from "../../lists/FilteredList";
import { RowCard } from "../../lists/RowCard";
import { RouteLine } from "../../route/RouteLine";
import { wayOfMessage } from "../../route/stations";
import { CopyAddress } from "../sources/Addresses";
import { MessageFilterForm, useFilterWords } from "./MessageFilters";
import styles from "./messages.module.css";
import { fetchMessages, messagesKey } from "./queries";

/** Few ask for it: it comes after the list. */
const ReplayMany = lazy(() =>
  import("./ReplayMany").then(({ ReplayMany }) => ({ default: ReplayMany })),
);

const route = getRouteApi("/inside/projects/$project/messages");

const TONES: Record<Message["state"], Tone> = {
  kept: "well",
  quarantined: "bad",
  duplicate: "ended",
};

const idOf = (message: Message) => message.id;

export function MessagesPage() {
  const words = useWords();
  const format = useFormat();
  const { project } = route.useParams();
  const navigate = route.useNavigate();
  const address = useListAddress(route.useSearch(), (to) => void navigate(to));
  const { filters, change } = address;
  const may = useMay(project, "editor");
  const filterWords = useFilterWords(filters, change);
  const columns = useMemo(() => columnsOf(words, format), [words, format]);
  const source = useMemo(
    () => ({
      queryKey: messagesKey(project, filters),
      fetchPage: fetchMessages(project, filters),
      idOf,
      live: "message" as const,
    }),
    [project, filters],
  );
  return (
    <>
      <PageHead
        title={words.messages.title}
        actions={
          may && (
            <Suspense fallback={null}>
              <ReplayMany project={project} filters={filters} told={filterWords} />
            </Suspense>
          )
        }
      />
      <FilteredList
        label={words.messages.title}
        address={address}
        filterWords={filterWords}
        filterForm={<MessageFilterForm project={project} filters={filters} change={change} />}
        searchIn={words.messages.filters.search}
        source={source}
        columns={columns}
        nameOf={(message) => shortened(message.id)}
        link={(message, content, className) => (
          <Link
            to="/projects/$project/messages/$message"
            params={{ project, message: message.id }}
            className={className}
          >
            {content}
          </Link>
        )}
        card={(message) => <MessageCard message={message} />}
        emptyFiltered={words.messages.emptyFiltered}
        empty={
          <EmptyState action={<FirstInbox project={project} />}>{words.messages.empty}</EmptyState>
        }
      />
    </>
  );
}

function columnsOf(words: Words, format: Formats): Column<Message>[] {
  const titles = words.messages.columns;
  return [
    {
      key: "received",
      title: titles.received,
      width: "112px",
      cell: (message) => <Time at={message.received_at} />,
    },
    {
      key: "source",
      title: titles.source,
      width: "minmax(96px, 1fr)",
      cell: (message) => message.source,
    },
    {
      key: "identity",
      title: titles.identity,
      width: "minmax(160px, 2fr)",
      cell: (message) => message.identity ?? <span className={styles.quiet}>—</span>,
    },
    {
      key: "state",
      title: titles.state,
      width: "128px",
      cell: (message) => (
        <StateMark tone={TONES[message.state]}>{words.common.states[message.state]}</StateMark>
      ),
    },
    {
      key: "way",
      title: titles.way,
      width: "112px",
      cell: (message) => <RouteLine way={wayOfMessage(message)} />,
    },
    {
      key: "bytes",
      title: titles.bytes,
      width: "80px",
      end: true,
      cell: (message) => format.bytes(message.bytes),
    },
    {
      key: "id",
      title: titles.id,
      width: "144px",
      cell: (message) => <Identifier id={message.id} />,
    },
    {
      key: "type",
      title: titles.type,
      width: "minmax(120px, 1fr)",
      hidden: true,
      cell: (message) => message.content_type ?? "—",
    },
    {
      key: "version",
      title: titles.version,
      width: "72px",
      end: true,
      hidden: true,
      cell: (message) => message.version,
    },
  ];
}

function MessageCard({ message }: { message: Message }) {
  const words = useWords();
  return (
    <RowCard
      title={message.source}
      beside={<Time at={message.received_at} />}
      text={message.identity ?? shortened(message.id)}
      mark={
        message.state === "kept" ? (
          <RouteLine way={wayOfMessage(message)} />
        ) : (
          <StateMark tone={TONES[message.state]}>{words.common.states[message.state]}</StateMark>
        )
      }
    />
  );
}

/** The address to which the first message can be posted. It is a secret: others are led to the
 *  steps that somebody who may see it can take. */
function FirstInbox({ project }: { project: string }) {
  const words = useWords();
  const may = useMay(project, "editor");
  const source = useQuery(sourcesQuery(project)).data?.[0]?.name;
  const urls = useQuery({
    ...urlsQuery(project, source ?? ""),
    enabled: may && source !== undefined,
  }).data;
  if (may && source !== undefined) {
    return urls === undefined ? null : (
      <CopyAddress
        address={urls.inbox}
        label={words.definitions.deedNamed(words.definitions.copyAddress, source)}
      />
    );
  }
  return (
    <Button
      variant="default"
      renderRoot={(props) => <PlaceLink {...props} project={project} place="first-steps" />}
    >
      {words.overview.firstSteps}
    </Button>
  );
}
