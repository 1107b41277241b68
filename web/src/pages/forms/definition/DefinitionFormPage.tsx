// Making a form of the project's own, from nothing or from what a w.c.s. says of one, and changing one.
import { Button } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { Allowed } from "../../../definitions/Allowed";
import { ChangePage } from "../../../definitions/ChangePage";
import { DefinitionForm, type OfForm } from "../../../definitions/DefinitionForm";
import type { Definition } from "../../../definitions/definition";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { ListSkeleton } from "../../../lists/ListParts";
import styles from "./editor.module.css";
import { ImportDialog } from "./ImportDialog";
import type { Part } from "./parts";
import { pathsOf } from "./paths";
import type { FormRead } from "./queries";

/** Lists, choices and pictures come with it: the frame of the page is there before. */
const FormEditor = lazy(() =>
  import("./FormEditor").then(({ FormEditor }) => ({ default: FormEditor })),
);

const newRoute = getRouteApi("/inside/projects/$project/new/form-definition");
const changeRoute = getRouteApi("/inside/projects/$project/form-definitions/$definition/change");

const NOTHING: Definition = { fields: [] };

export function NewDefinitionPage() {
  const words = useOwnFormWords().formEditor;
  const { project } = newRoute.useParams();
  return (
    <Allowed project={project} noun="form-definitions" title={words.makeTitle}>
      <New project={project} />
    </Allowed>
  );
}

function New({ project }: { project: string }) {
  const words = useOwnFormWords().formEditor;
  const { from, part } = newRoute.useSearch();
  const [isAsked, setAsked] = useState(from === "wcs");
  const [found, setFound] = useState<FormRead | null>(null);
  return (
    <>
      <ImportDialog
        project={project}
        opened={isAsked}
        close={() => setAsked(false)}
        read={(form) => {
          setFound(form);
          setAsked(false);
        }}
      />
      {found === null ? (
        <p>
          <Button variant="default" size="xs" onClick={() => setAsked(true)}>
            {words.import.open}
          </Button>
        </p>
      ) : (
        <Imported found={found} />
      )}
      <Form
        key={found?.name}
        project={project}
        name={null}
        defined={null}
        initial={found?.definition ?? NOTHING}
        firstName={found?.name ?? ""}
        part={part}
      />
    </>
  );
}

/** What the other system did not say. */
function Imported({ found }: { found: FormRead }) {
  const words = useOwnFormWords().formEditor.import;
  return (
    <section className={styles.missing} aria-label={words.title}>
      <p>{words.done}</p>
      {found.missing.length > 0 && (
        <>
          <p>{words.missing}</p>
          <ul>
            {found.missing.map(({ path, what }) => (
              <li key={`${path} ${what}`}>
                <code>{path}</code> {what}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

export function ChangeDefinitionPage() {
  const words = useOwnFormWords().formEditor;
  const { project, definition: form } = changeRoute.useParams();
  const { part } = changeRoute.useSearch();
  return (
    <ChangePage
      project={project}
      noun="form-definitions"
      name={form}
      title={words.changeTitle(form)}
    >
      {(defined, meanwhile) => (
        <Form
          project={project}
          name={form}
          defined={defined}
          meanwhile={meanwhile}
          initial={defined.definition}
          part={part}
        />
      )}
    </ChangePage>
  );
}

interface FormProps extends OfForm {
  initial: Definition;
  firstName?: string;
  part: Part | undefined;
}

function Form({ part, ...props }: FormProps) {
  const words = useOwnFormWords();
  return (
    <DefinitionForm
      {...props}
      noun="form-definitions"
      fields={pathsOf}
      makeWord={words.formEditor.make}
      wide
    >
      {(nameField) => (
        <Suspense fallback={<ListSkeleton label={words.common.loading} />}>
          <FormEditor project={props.project} nameField={nameField} first={part} />
        </Suspense>
      )}
    </DefinitionForm>
  );
}
