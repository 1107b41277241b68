// The people of a project: who may do what, who has not come in yet, and what each level means.
import { Button, Select } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { type Access, sessionQuery } from "../../api/session";
import { useMay } from "../../api/useMay";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { useConfirm } from "../../design/Confirm";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { AddMember } from "./AddMember";
import styles from "./members.module.css";
import {
  changeLevel,
  LEVELS,
  levelsToGive,
  type Member,
  membersQuery,
  removeMember,
} from "./queries";

const route = getRouteApi("/inside/projects/$project/members");

export function MembersPage() {
  const words = useWords();
  const { project } = route.useParams();
  const { data, error, refetch } = useQuery(membersQuery(project));
  const mayAdd = useMay(project, "admin");
  const [adding, setAdding] = useState(false);
  const add = mayAdd && <Button onClick={() => setAdding(true)}>{words.members.add}</Button>;
  const invited = data?.filter((member) => member.user.invited).length ?? 0;
  return (
    <>
      <PageHead
        title={words.members.title}
        about={words.members.about}
        actions={data !== undefined && data.length > 0 && add}
      />
      <AddMember project={project} open={adding} close={() => setAdding(false)} />
      <Section title={words.members.people}>
        {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
        {data === undefined && error === null && <ListSkeleton label={words.common.loading} />}
        {data?.length === 0 && <EmptyState action={add}>{words.members.empty}</EmptyState>}
        {invited > 0 && <p className={styles.quiet}>{words.members.waitingFor(invited)}</p>}
        {data !== undefined && data.length > 0 && <People project={project} members={data} />}
      </Section>
      <Section title={words.members.levels}>
        <p className={styles.quiet}>{words.members.levelsAbout}</p>
        <Levels />
      </Section>
    </>
  );
}

function People({ project, members }: { project: string; members: Member[] }) {
  const words = useWords().members;
  const own = useQuery(sessionQuery).data?.user?.id;
  const mayRemove = useMay(project, "owner");
  const columns: TableColumn<Member>[] = [
    {
      key: "email",
      title: words.email,
      plain: true,
      cell: ({ user }) => <span className={styles.email}>{user.email}</span>,
    },
    {
      key: "level",
      title: words.level,
      plain: true,
      cell: (member) => <LevelOf project={project} member={member} />,
    },
    {
      key: "state",
      title: words.state,
      plain: true,
      cell: ({ user }) =>
        user.disabled ? (
          <StateMark tone="ended">{words.disabled}</StateMark>
        ) : user.invited ? (
          <StateMark tone="waiting">{words.invited}</StateMark>
        ) : (
          <StateMark tone="well">{words.active}</StateMark>
        ),
    },
    { key: "since", title: words.since, cell: ({ since }) => <Time at={since} /> },
  ];
  if (mayRemove) {
    columns.push({
      key: "remove",
      title: "",
      plain: true,
      end: true,
      cell: (member) => <Remove project={project} member={member} />,
    });
  }
  return (
    <DefinitionTable
      label={words.people}
      rows={members}
      first={words.name}
      nameOf={({ user }) => user.id}
      columns={columns}
      link={({ user }) => (
        <>
          {user.name}
          {user.id === own && <span className={styles.you}> ({words.you})</span>}
        </>
      )}
    />
  );
}

function LevelOf({ project, member }: { project: string; member: Member }) {
  const words = useWords().members;
  const session = useQuery(sessionQuery).data;
  const client = useQueryClient();
  const confirm = useConfirm();
  const toast = useToast();
  const { id, name } = member.user;
  const changing = useMutation({
    mutationFn: (access: Access) => changeLevel(project, id, access),
    onSuccess: ({ access }) => toast({ text: words.changed(name, words.names[access]) }),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries(membersQuery(project)),
        client.invalidateQueries(sessionQuery),
      ]),
  });
  // Who lowers themselves cannot raise themselves again.
  const change = async (level: Access) => {
    const isLoss =
      id === session?.user?.id && LEVELS.indexOf(level) < LEVELS.indexOf(member.access);
    const question = {
      title: words.lowerAsk(words.names[level]),
      text: words.lowerAbout,
      action: words.lower,
      loses: true,
    };
    if (!isLoss || (await confirm(question))) {
      changing.mutate(level);
    }
  };
  const levels = levelsToGive(session, project);
  if (!levels.includes(member.access)) {
    return words.names[member.access];
  }
  return (
    <Select
      className={styles.level}
      aria-label={words.levelOf(name)}
      size="xs"
      data={levels.map((level) => ({ value: level, label: words.names[level] }))}
      value={member.access}
      allowDeselect={false}
      disabled={changing.isPending}
      onChange={(value) => {
        const level = LEVELS.find((each) => each === value);
        if (level !== undefined && level !== member.access) {
          void change(level);
        }
      }}
    />
  );
}

function Remove({ project, member }: { project: string; member: Member }) {
  const words = useWords().members;
  const client = useQueryClient();
  const confirm = useConfirm();
  const toast = useToast();
  const { id, name } = member.user;
  const removing = useMutation({
    mutationFn: () => removeMember(project, id),
    onSuccess: () => toast({ text: words.removed(name) }),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries(membersQuery(project)),
        client.invalidateQueries(sessionQuery),
      ]),
  });
  const ask = async () => {
    const question = { title: words.removeAsk(name), text: words.removeAbout };
    if (await confirm({ ...question, action: words.remove, loses: true })) {
      removing.mutate();
    }
  };
  return (
    <Button
      variant="subtle"
      color="red"
      size="compact-sm"
      aria-label={words.removeNamed(name)}
      loading={removing.isPending}
      onClick={() => void ask()}
    >
      {words.remove}
    </Button>
  );
}

function Levels() {
  const words = useWords().members;
  return (
    <DefinitionTable
      label={words.levels}
      rows={[...LEVELS]}
      first={words.level}
      nameOf={(level) => level}
      link={(level) => words.names[level]}
      columns={[
        {
          key: "may",
          title: words.may,
          plain: true,
          cell: (level) => <span className={styles.deeds}>{words.deeds[level]}</span>,
        },
      ]}
    />
  );
}
