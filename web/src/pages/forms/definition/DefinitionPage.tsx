// One form of the project's own: what it asks, and the lifecycle of what is filled in.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useMay } from "../../../api/useMay";
import { RemoveButton } from "../../../definitions/DefinitionActions";
import { type Definition, textAt } from "../../../definitions/definition";
import { FormProvider, useForm } from "../../../definitions/form";
import { useLiveDefinitions } from "../../../definitions/live";
import { definedQuery } from "../../../definitions/queries";
import { WarningText } from "../../../definitions/WarningText";
import { warningTold } from "../../../definitions/warnings";
import { PageHead } from "../../../design/PageHead";
import { Facts, Section } from "../../../design/Section";
import table from "../../../design/table.module.css";
import { formQuery } from "../../../filed/queries";
import { known } from "../../../i18n/known";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { useFormat } from "../../../i18n/words";
import { LoadedPage } from "../../../lists/Loaded";
import { toldAction, toldWhen } from "./actions";
import { AroundProvider, useAround } from "./around";
import { FormState } from "./DefinitionsPage";
import styles from "./editor.module.css";
import { Picture } from "./Picture";
import { type DefinedForm, formDefinitionsQuery } from "./queries";
import { functionsOf, listAt, statusesOf, usualName, whoAt } from "./shape";

const route = getRouteApi("/inside/projects/$project/form-definitions/$definition");

export function DefinitionPage() {
  const { project, definition: name } = route.useParams();
  const defined = useQuery(definedQuery(project, "form-definitions", name));
  const form = useQuery(formDefinitionsQuery(project)).data?.find((each) => each.name === name);
  useLiveDefinitions(project);
  const data = defined.data && form && { form, definition: defined.data.definition };
  return (
    <LoadedPage query={{ ...defined, data }} title={name}>
      {(shown) => <Shown key={form?.version} project={project} {...shown} />}
    </LoadedPage>
  );
}

interface ShownProps {
  project: string;
  form: DefinedForm;
  definition: Definition;
}

function Shown({ project, form, definition }: ShownProps) {
  const words = useOwnFormWords();
  const told = words.formEditor;
  const { name, title, warnings } = form;
  const { form: looked } = useForm({
    saved: definition,
    initial: definition,
    prefix: "",
    fields: [],
    error: null,
  });
  return (
    <>
      <PageHead
        title={title}
        beside={
          <>
            {name} <FormState form={form} />
          </>
        }
        about={textAt(definition, "description") || undefined}
        actions={<Actions project={project} form={form} />}
      />
      {warnings.map((warning) => (
        <div key={`${warning.path} ${warning.code}`} className={styles.missing}>
          <WarningText told={warningTold(warning, words.definitions)} />
        </div>
      ))}
      <FormProvider form={looked}>
        <AroundProvider project={project}>
          <Section title={told.lifecycle}>
            <Lifecycle definition={definition} />
          </Section>
          <Section title={told.people.functions}>
            <Functions definition={definition} />
          </Section>
        </AroundProvider>
      </FormProvider>
      <Section title={told.fields.title}>
        <Fields definition={definition} />
      </Section>
    </>
  );
}

function Actions({ project, form }: Pick<ShownProps, "project" | "form">) {
  const words = useOwnFormWords();
  const format = useFormat();
  const may = useMay(project, "admin");
  const { name } = form;
  const count = useQuery(formQuery(project, name)).data?.submissions ?? 0;
  return (
    <>
      <Button
        variant="subtle"
        renderRoot={(props) => (
          <Link {...props} to="/projects/$project/forms/$form" params={{ project, form: name }} />
        )}
      >
        {words.formEditor.asForm}
      </Button>
      {may && (
        <>
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link
                {...props}
                to="/projects/$project/form-definitions/$definition/change"
                params={{ project, definition: name }}
              />
            )}
          >
            {words.definitions.change}
          </Button>
          <RemoveButton
            project={project}
            noun="form-definitions"
            name={name}
            about={words.formEditor.removeAbout(format.number(count), count)}
          />
        </>
      )}
    </>
  );
}

/** The picture, and what happens in the status that is chosen. */
function Lifecycle({ definition }: { definition: Definition }) {
  const words = useOwnFormWords().formEditor;
  const { who, status: statusName } = useAround();
  const [selected, select] = useState<string | null>(null);
  const status = statusesOf(definition).find(([id]) => id === selected)?.[1];
  const names = { words, who, status: statusName };
  return (
    <>
      <Picture definition={definition} selected={selected} select={select} />
      {status === undefined || selected === null ? (
        <p className={styles.quiet}>{words.lifecycleAbout}</p>
      ) : (
        <div className={styles.facts}>
          <h3 className={styles.sub}>{statusName(selected)}</h3>
          <Facts
            facts={[
              [
                words.statuses.visibleTo,
                whoAt(status, "visible_to").map(who).join(", ") || words.statuses.everybody,
              ],
            ]}
          />
          {listAt(status, "actions").length === 0 ? (
            <p className={styles.quiet}>{words.statuses.noActions}</p>
          ) : (
            <ol aria-label={words.statuses.actions}>
              {listAt(status, "actions").map((action, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: an action is its place in the list
                <li key={index}>
                  {toldAction(action, names)}{" "}
                  <span className={styles.about}>{toldWhen(action, names)}</span>
                </li>
              ))}
            </ol>
          )}
        </div>
      )}
    </>
  );
}

function Functions({ definition }: { definition: Definition }) {
  const words = useOwnFormWords().formEditor;
  const { roles } = useAround();
  const facts = functionsOf(definition).map(({ id, name, role }): [string, ReactNode] => [
    name || usualName(id, words.who.receiver),
    role === "" ? words.people.noRole : (roles.find(({ value }) => value === role)?.label ?? role),
  ]);
  return <Facts facts={facts} />;
}

function Fields({ definition }: { definition: Definition }) {
  const words = useOwnFormWords().formEditor.fields;
  const fields = listAt(definition, "fields");
  if (fields.length === 0) {
    return <p className={styles.quiet}>{words.empty}</p>;
  }
  return (
    <div className={table.wide}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>{words.label}</th>
            <th>{words.name}</th>
            <th>{words.type}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a field is its place in the list
            <tr key={index}>
              <td>{textAt(field, "label") || textAt(field, "name")}</td>
              <td>
                <code>{textAt(field, "name") || textAt(field, "id")}</code>
              </td>
              <td>{known(words.types, textAt(field, "type")) ?? textAt(field, "type")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
