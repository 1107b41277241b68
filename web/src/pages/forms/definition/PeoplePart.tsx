// Who does what: the parts that people play in the form, each with the role that plays it, and who may send it.
import { Button, Select, TextInput } from "@mantine/core";
import { Plus } from "lucide-react";
import { mistakeText } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { Section } from "../../../design/Section";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { useAround, withChosen } from "./around";
import styles from "./editor.module.css";
import { IdField, SomeAt, WhoAt } from "./inputs";
import { withRenamedFunction } from "./renaming";
import { SortedRows } from "./SortedRows";
import {
  freeName,
  functionsOf,
  type LifecycleFunction,
  RECEIVER,
  usualName,
  withFunction,
  withNewFunction,
} from "./shape";

const FUNCTIONS = "lifecycle.functions";

export function PeoplePart() {
  const words = useOwnFormWords().formEditor;
  const { roles } = useAround();
  return (
    <>
      <Section title={words.people.functions}>
        <p className={styles.quiet}>{words.people.functionsAbout}</p>
        <Functions />
      </Section>
      <Section title={words.form.switches}>
        <div className={styles.fields}>
          <WhoAt
            path="submitters"
            label={words.people.submitters}
            about={words.people.submittersAbout}
            kind="submitting"
          />
          <SomeAt path="submission_roles" label={words.people.submissionRoles} choices={roles} />
        </div>
      </Section>
    </>
  );
}

function Functions() {
  const all = useOwnFormWords().formEditor;
  const words = all.people;
  const form = useDefinitionForm();
  const { roles } = useAround();
  const functions = functionsOf(form.definition);
  const nameOf = ({ id, name }: LifecycleFunction) => name || usualName(id, all.who.receiver);
  const roleOf = (role: string) => roles.find(({ value }) => value === role)?.label ?? role;
  const rows = functions.map((each) => ({
    title: nameOf(each),
    about: [each.id, each.role === "" ? words.noRole : roleOf(each.role)].join(" · "),
    path: `${FUNCTIONS}.${each.id}`,
    stays: each.id === RECEIVER,
  }));
  const add = () =>
    form.change((before) =>
      withNewFunction(
        before,
        freeName(
          functionsOf(before).map(({ id }) => id),
          "_part",
        ),
      ),
    );
  return (
    <SortedRows
      label={words.functions}
      path={FUNCTIONS}
      rows={rows}
      empty=""
      panel={(index) => {
        const found = functions[index];
        return found === undefined ? null : <FunctionPanel function={found} />;
      }}
      add={
        <Button variant="default" size="xs" leftSection={<Plus size={14} />} onClick={add}>
          {words.add}
        </Button>
      }
    />
  );
}

function FunctionPanel({ function: one }: { function: LifecycleFunction }) {
  const all = useOwnFormWords().formEditor;
  const words = all.people;
  const form = useDefinitionForm();
  const { roles } = useAround();
  const { id, name, role } = one;
  const change = (changed: Partial<LifecycleFunction>) =>
    form.change((before) => withFunction(before, { ...one, ...changed }));
  const faultOf = (typed: string) => {
    if (!/^_[a-z0-9_-]{1,63}$/.test(typed) || typed in all.who) {
      return words.idWrong;
    }
    const isTaken = functionsOf(form.definition).some((each) => each.id === typed);
    return isTaken ? all.statuses.idTaken(typed) : undefined;
  };
  return (
    <div className={styles.two}>
      <TextInput
        label={words.name}
        placeholder={usualName(id, all.who.receiver)}
        value={name}
        onChange={({ currentTarget }) => change({ name: currentTarget.value })}
      />
      <IdField
        label={words.id}
        about={words.idAbout}
        value={id}
        disabled={id === RECEIVER}
        faultOf={faultOf}
        change={(to) => form.change((before) => withRenamedFunction(before, id, to))}
      />
      <Select
        label={words.role}
        placeholder={words.noRole}
        data={withChosen(roles, [role])}
        clearable
        value={role === "" ? null : role}
        error={mistakeText(form.mistakes(`${FUNCTIONS}.${id}.role`))}
        onChange={(next) => change({ role: next ?? "" })}
      />
    </div>
  );
}
