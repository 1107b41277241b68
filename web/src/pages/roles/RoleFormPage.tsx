// Making a role, and changing one: what it is called, and where mail to it goes.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import { RemoveButton } from "../../definitions/DefinitionActions";
import { DefinitionForm, type OfForm } from "../../definitions/DefinitionForm";
import type { Definition } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { LongTextAt, SwitchAt, TextAt } from "../../definitions/fields";
import { ListAt } from "../../definitions/ListAt";
import { Section } from "../../design/Section";
import { useOwnFormWords } from "../../i18n/ownForms";
import { peopleQuery } from "./queries";
import styles from "./roles.module.css";

const newRoute = getRouteApi("/inside/projects/$project/new/role");
const changeRoute = getRouteApi("/inside/projects/$project/roles/$role");

const FIELDS = ["name", "details", "emails", "emails_to_members"];
const NOTHING: Definition = {};

export function NewRolePage() {
  const words = useOwnFormWords().roles;
  const { project } = newRoute.useParams();
  return (
    <Allowed project={project} noun="roles" title={words.makeRole}>
      <RoleForm project={project} name={null} defined={null} initial={NOTHING} />
    </Allowed>
  );
}

export function ChangeRolePage() {
  const words = useOwnFormWords().roles;
  const { project, role } = changeRoute.useParams();
  return (
    <ChangePage project={project} noun="roles" name={role} title={words.changeTitle(role)}>
      {(defined, meanwhile) => (
        <>
          <RoleForm
            project={project}
            name={role}
            defined={defined}
            meanwhile={meanwhile}
            initial={defined.definition}
          />
          <div className={styles.foot}>
            <RemoveButton
              project={project}
              noun="roles"
              name={role}
              about={words.removeRoleAbout}
            />
          </div>
        </>
      )}
    </ChangePage>
  );
}

function RoleForm(props: OfForm & { initial: Definition }) {
  const words = useOwnFormWords().roles;
  const { project, name } = props;
  return (
    <DefinitionForm
      {...props}
      noun="roles"
      fields={FIELDS}
      makeWord={words.makeRole}
      hasPage={false}
      aside={
        name === null
          ? undefined
          : () => (
              <Section title={words.form.members}>
                <Members project={project} role={name} />
              </Section>
            )
      }
    >
      {(nameField) => (
        <div className={own.group}>
          {nameField}
          <TextAt path="name" label={words.form.title} about={words.form.titleAbout} />
          <LongTextAt path="details" label={words.form.details} prose />
          <ListAt path="emails" label={words.form.emails} about={words.form.emailsAbout} />
          <SwitchAt path="emails_to_members" label={words.form.toMembers} />
        </div>
      )}
    </DefinitionForm>
  );
}

function Members({ project, role }: { project: string; role: string }) {
  const words = useOwnFormWords().roles;
  const people = useQuery(peopleQuery(project)).data ?? [];
  const members = people.filter((person) => person.roles.includes(role));
  return (
    <>
      <p>
        {members.length === 0 && words.nobody}
        {members.map(({ id, name }, index) => (
          <Fragment key={id}>
            {index > 0 && ", "}
            <Link to="/projects/$project/people/$person" params={{ project, person: id }}>
              {name}
            </Link>
          </Fragment>
        ))}
      </p>
      <p className={styles.quiet}>{words.form.membersAbout}</p>
    </>
  );
}
