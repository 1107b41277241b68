// Making somebody known, and changing what is known of them: by what programs name them, and their roles.
import { MultiSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import { RemoveButton } from "../../definitions/DefinitionActions";
import { DefinitionForm, type OfForm } from "../../definitions/DefinitionForm";
import type { Definition } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { ChoiceAt, mistakeText, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { ListAt } from "../../definitions/ListAt";
import { namesIn } from "../../definitions/names";
import { useOwnFormWords } from "../../i18n/ownForms";
import { LEVELS } from "../members/queries";
import { rolesQuery } from "./queries";
import styles from "./roles.module.css";

const newRoute = getRouteApi("/inside/projects/$project/new/person");
const changeRoute = getRouteApi("/inside/projects/$project/people/$person");

const FIELDS = ["name", "email", "name_id", "roles", "access"];
const NOTHING: Definition = {};

export function NewPersonPage() {
  const words = useOwnFormWords().roles;
  const { project } = newRoute.useParams();
  return (
    <Allowed project={project} noun="people" title={words.makePerson}>
      <PersonForm project={project} name={null} defined={null} initial={NOTHING} />
    </Allowed>
  );
}

export function ChangePersonPage() {
  const words = useOwnFormWords().roles;
  const { project, person } = changeRoute.useParams();
  return (
    <ChangePage project={project} noun="people" name={person} title={words.changeTitle(person)}>
      {(defined, meanwhile) => (
        <>
          <PersonForm
            project={project}
            name={person}
            defined={defined}
            meanwhile={meanwhile}
            initial={defined.definition}
          />
          <div className={styles.foot}>
            <RemoveButton
              project={project}
              noun="people"
              name={person}
              about={words.removePersonAbout}
            />
          </div>
        </>
      )}
    </ChangePage>
  );
}

function PersonForm(props: OfForm & { initial: Definition }) {
  const words = useOwnFormWords();
  const told = words.roles.form;
  return (
    <DefinitionForm
      {...props}
      noun="people"
      fields={FIELDS}
      makeWord={words.roles.makePerson}
      hasPage={false}
    >
      {(nameField) => (
        <div className={own.group}>
          {nameField}
          <TextAt path="name" label={told.personTitle} about={told.personTitleAbout} />
          <TextAt path="email" label={told.email} />
          <ListAt path="name_id" label={told.nameIds} about={told.nameIdsAbout} />
          <RolesField project={props.project} />
          <ChoiceAt
            path="access"
            label={told.access}
            usual="viewer"
            choices={LEVELS.map((value) => ({ value, label: words.members.names[value] }))}
          />
        </div>
      )}
    </DefinitionForm>
  );
}

function RolesField({ project }: { project: string }) {
  const words = useOwnFormWords().roles.form;
  const form = useDefinitionForm();
  const roles = useQuery(rolesQuery(project)).data ?? [];
  const chosen = namesIn(form.value("roles"));
  const unknown = chosen.filter((id) => !roles.some((role) => role.id === id));
  return (
    <MultiSelect
      searchable
      label={words.roles}
      data={[
        ...roles.map(({ id, name }) => ({ value: id, label: name })),
        ...unknown.map((id) => ({ value: id, label: id })),
      ]}
      value={chosen}
      error={mistakeText(form.mistakes("roles"))}
      onChange={(next) => form.put("roles", next.length === 0 ? undefined : next)}
    />
  );
}
