// Everybody who has an account on the hub, and what those who run it can do about each.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { InviteUser } from "./InviteUser";
import styles from "./installation.module.css";
import { type InvitedUser, type User, usersQuery } from "./queries";
import { UserDeeds } from "./UserDeeds";
import { UserLink } from "./UserLink";

export function UsersPage() {
  const { installation, common } = useWords();
  const words = installation.users;
  const { data, error, refetch } = useQuery(usersQuery);
  const [inviting, setInviting] = useState(false);
  const [link, setLink] = useState<InvitedUser | null>(null);
  const invite = <Button onClick={() => setInviting(true)}>{words.invite}</Button>;
  return (
    <>
      <PageHead
        title={words.title}
        about={words.about}
        actions={data !== undefined && data.length > 0 && invite}
      />
      <InviteUser open={inviting} close={() => setInviting(false)} show={setLink} />
      <UserLink invited={link} close={() => setLink(null)} />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={common.loading} />}
      {data?.length === 0 && <EmptyState action={invite}>{words.empty}</EmptyState>}
      {data !== undefined && data.length > 0 && <Table users={data} show={setLink} />}
    </>
  );
}

function Table({ users, show }: { users: User[]; show: (invited: InvitedUser) => void }) {
  const { installation, members } = useWords();
  const words = installation.users;
  const columns: TableColumn<User>[] = [
    {
      key: "email",
      title: words.email,
      plain: true,
      cell: ({ email }) => <span className={styles.wrap}>{email}</span>,
    },
    {
      key: "projects",
      title: words.projects,
      cell: (user) =>
        user.installation_admin
          ? words.everything
          : user.projects
              .map(({ project, access }) => `${project} (${members.names[access]})`)
              .join(", ") || words.nothing,
    },
    { key: "state", title: words.state, plain: true, cell: (user) => <Standing user={user} /> },
    {
      key: "factor",
      title: words.factor,
      cell: ({ second_factor }) => (second_factor ? words.yes : words.no),
    },
    {
      key: "seen",
      title: words.lastSignIn,
      cell: ({ last_sign_in_at: at }) => (at === null ? words.never : <Time at={at} />),
    },
    {
      key: "deeds",
      title: "",
      plain: true,
      end: true,
      cell: (user) => <UserDeeds user={user} show={show} />,
    },
  ];
  return (
    <DefinitionTable
      label={words.title}
      rows={users}
      first={words.name}
      nameOf={({ id }) => id}
      link={(user) => (
        <>
          {user.name}
          {user.installation_admin && <span className={styles.badge}>{words.admin}</span>}
        </>
      )}
      columns={columns}
    />
  );
}

function Standing({ user }: { user: User }) {
  const words = useWords().installation.users;
  if (user.disabled) {
    return <StateMark tone="ended">{words.disabled}</StateMark>;
  }
  return user.invited ? (
    <StateMark tone="waiting">{words.invited}</StateMark>
  ) : (
    <StateMark tone="well">{words.active}</StateMark>
  );
}
