// The roles of a project's forms, and the people who have them: two lists that belong together.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMay } from "../../api/useMay";
import { DefinitionTable } from "../../definitions/DefinitionTable";
import { useLiveDefinitions } from "../../definitions/live";
import { EmptyState } from "../../design/EmptyState";
import { PageHead } from "../../design/PageHead";
import { Section } from "../../design/Section";
import { useOwnFormWords } from "../../i18n/ownForms";
import { useFormat } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { type Person, peopleQuery, type Role, rolesQuery } from "./queries";
import styles from "./roles.module.css";

const rolesRoute = getRouteApi("/inside/projects/$project/roles");
const peopleRoute = getRouteApi("/inside/projects/$project/people");

export function RolesPage() {
  return <RolesAndPeople project={rolesRoute.useParams().project} />;
}

export function PeoplePage() {
  return <RolesAndPeople project={peopleRoute.useParams().project} />;
}

function RolesAndPeople({ project }: { project: string }) {
  const words = useOwnFormWords().roles;
  const roles = useQuery(rolesQuery(project));
  const people = useQuery(peopleQuery(project));
  useLiveDefinitions(project);
  const makeRole = (
    <Make project={project} to="/projects/$project/new/role">
      {words.makeRole}
    </Make>
  );
  const makePerson = (
    <Make project={project} to="/projects/$project/new/person">
      {words.makePerson}
    </Make>
  );
  return (
    <>
      <PageHead
        title={words.title}
        about={words.about}
        actions={
          <Button
            variant="subtle"
            renderRoot={(props) => (
              <Link {...props} to="/projects/$project/form-definitions" params={{ project }} />
            )}
          >
            {words.toForms}
          </Button>
        }
      />
      <Section title={words.roles} actions={roles.data?.length ? makeRole : undefined}>
        <Loaded query={roles}>
          {(rows) =>
            rows.length === 0 ? (
              <EmptyState action={makeRole}>{words.emptyRoles}</EmptyState>
            ) : (
              <Roles project={project} rows={rows} people={people.data ?? []} />
            )
          }
        </Loaded>
      </Section>
      <Section title={words.people} actions={people.data?.length ? makePerson : undefined}>
        <p className={styles.quiet}>{words.peopleAbout}</p>
        <Loaded query={people}>
          {(rows) =>
            rows.length === 0 ? (
              <EmptyState action={makePerson}>{words.emptyPeople}</EmptyState>
            ) : (
              <People project={project} rows={rows} roles={roles.data ?? []} />
            )
          }
        </Loaded>
      </Section>
    </>
  );
}

interface MakeProps {
  project: string;
  to: NonNullable<LinkProps["to"]>;
  children: ReactNode;
}

function Make({ project, to, children }: MakeProps) {
  const may = useMay(project, "admin");
  return (
    may && (
      <Button
        variant="default"
        size="xs"
        renderRoot={(props) => <Link {...props} to={to} params={{ project }} />}
      >
        {children}
      </Button>
    )
  );
}

interface RolesProps {
  project: string;
  rows: Role[];
  people: Person[];
}

function Roles({ project, rows, people }: RolesProps) {
  const words = useOwnFormWords().roles;
  const nameOf = (id: string) => people.find((each) => each.id === id)?.name ?? id;
  return (
    <DefinitionTable
      label={words.roles}
      rows={rows}
      first={words.columns.name}
      nameOf={({ id }) => id}
      columns={[
        { key: "id", title: words.columns.id, cell: ({ id }) => <code>{id}</code> },
        {
          key: "emails",
          title: words.columns.emails,
          cell: ({ emails }) => <span className={styles.wrap}>{emails.join(", ") || "—"}</span>,
        },
        {
          key: "members",
          title: words.columns.members,
          cell: (role) => role.people.map(nameOf).join(", ") || words.nobody,
        },
      ]}
      link={({ id, name }) => (
        <Link to="/projects/$project/roles/$role" params={{ project, role: id }}>
          {name}
        </Link>
      )}
    />
  );
}

interface PeopleProps {
  project: string;
  rows: Person[];
  roles: Role[];
}

function People({ project, rows, roles }: PeopleProps) {
  const words = useOwnFormWords().roles;
  const format = useFormat();
  const nameOf = (id: string) => roles.find((each) => each.id === id)?.name ?? id;
  return (
    <DefinitionTable
      label={words.people}
      rows={rows}
      first={words.columns.name}
      nameOf={({ id }) => id}
      columns={[
        {
          key: "email",
          title: words.columns.email,
          cell: ({ email }) => <span className={styles.wrap}>{email ?? "—"}</span>,
        },
        {
          key: "roles",
          title: words.columns.roles,
          cell: (person) => person.roles.map(nameOf).join(", ") || "—",
        },
        {
          key: "number",
          title: words.columns.number,
          end: true,
          cell: ({ number }) => format.number(number),
        },
      ]}
      link={({ id, name }) => (
        <Link to="/projects/$project/people/$person" params={{ project, person: id }}>
          {name}
        </Link>
      )}
    />
  );
}
