// Where one is signed in, and signing out: of one session, or of all.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { useConfirm } from "../../design/Confirm";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useToast } from "../../design/Toasts";
import { useWords, type Words } from "../../i18n/words";
import styles from "./account.module.css";
import { readAgent } from "./agent";
import { endAllSessions, endSession, type OwnSession, sessionsQuery } from "./queries";

export function Sessions() {
  const words = useWords().account;
  const { data, error, refetch } = useQuery(sessionsQuery);
  return (
    <Section title={words.sessions} actions={<Everywhere />}>
      <p className={styles.quiet}>{words.sessionsAbout}</p>
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data !== undefined && <Table sessions={data} />}
    </Section>
  );
}

function deviceOf(words: Words["account"], session: OwnSession): string {
  const { browser, system } = readAgent(session.agent ?? "");
  if (browser !== null && system !== null) {
    return words.on(browser, system);
  }
  return browser ?? system ?? words.unknownDevice;
}

function Table({ sessions }: { sessions: OwnSession[] }) {
  const words = useWords().account;
  const columns: TableColumn<OwnSession>[] = [
    { key: "address", title: words.address, cell: ({ address }) => address ?? "—" },
    { key: "begun", title: words.begun, cell: (session) => <Time at={session.created_at} /> },
    { key: "seen", title: words.seen, cell: (session) => <Time at={session.seen_at} /> },
    { key: "ends", title: words.ends, cell: (session) => <Time at={session.ends_at} /> },
    {
      key: "end",
      title: "",
      plain: true,
      end: true,
      cell: (session) =>
        session.current ? (
          <StateMark tone="well">{words.thisOne}</StateMark>
        ) : (
          <End session={session} />
        ),
    },
  ];
  return (
    <DefinitionTable
      label={words.sessions}
      rows={sessions}
      first={words.device}
      nameOf={(session) => session.id}
      link={(session) => deviceOf(words, session)}
      columns={columns}
    />
  );
}

function End({ session }: { session: OwnSession }) {
  const words = useWords().account;
  const client = useQueryClient();
  const toast = useToast();
  const ending = useMutation({
    mutationFn: () => endSession(session.id),
    onSuccess: () => toast({ text: words.signedOut }),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
    onSettled: () => client.invalidateQueries(sessionsQuery),
  });
  return (
    <Button
      variant="subtle"
      size="compact-sm"
      aria-label={words.signOutNamed(deviceOf(words, session))}
      loading={ending.isPending}
      onClick={() => ending.mutate()}
    >
      {words.signOut}
    </Button>
  );
}

function Everywhere() {
  const words = useWords().account;
  const client = useQueryClient();
  const confirm = useConfirm();
  const navigate = useNavigate();
  const toast = useToast();
  const ending = useMutation({
    mutationFn: endAllSessions,
    onSuccess: async () => {
      client.clear();
      await navigate({ to: "/sign-in", search: {} });
    },
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  const ask = async () => {
    const question = { title: words.everywhereAsk, text: words.everywhereAbout };
    if (await confirm({ ...question, action: words.everywhere, loses: true })) {
      ending.mutate();
    }
  };
  return (
    <Button
      variant="default"
      size="compact-md"
      loading={ending.isPending}
      onClick={() => void ask()}
    >
      {words.everywhere}
    </Button>
  );
}
