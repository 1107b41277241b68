// One form: what it asks, its definitions, what came of it, and how phones get at it.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { tellsOf } from "../../api/events";
import { useLiveLook } from "../../api/useLiveLook";
import { useMay } from "../../api/useMay";
import { Count } from "../../design/Count";
import { PageHead } from "../../design/PageHead";
import { Facts, Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import table from "../../design/table.module.css";
import filed from "../../filed/filed.module.css";
import { type FormInFull, formKey, formQuery } from "../../filed/queries";
import { useFormat, useWords } from "../../i18n/words";
import { LoadedPage } from "../../lists/Loaded";
import { FormFiles } from "./FormFiles";
import { Indexed } from "./Indexed";
import { Phones } from "./Phones";
import { Questions } from "./Questions";
import { definitionPath, lastOfFormQuery } from "./queries";
import { UploadForm } from "./UploadForm";

const route = getRouteApi("/inside/projects/$project/forms/$form");

/** Counts of a form follow what comes in, but not each of a thousand. */
const LOOK_MILLISECONDS = 5000;

export function FormPage() {
  const { project, form } = route.useParams();
  const query = useQuery(formQuery(project, form));
  useLiveLook([{ queryKey: formKey(project, form) }], {
    concerns: (event) => tellsOf("submission")(event) && (event.form ?? form) === form,
    pauseMilliseconds: LOOK_MILLISECONDS,
  });
  return (
    <LoadedPage query={query} title={form}>
      {(data) => <Shown project={project} form={data} />}
    </LoadedPage>
  );
}

interface OfForm {
  project: string;
  form: FormInFull;
}

function Shown({ project, form }: OfForm) {
  const words = useWords().forms;
  return (
    <>
      <PageHead
        title={form.title || form.name}
        beside={form.title !== form.name ? form.name : undefined}
        about={words.origins[form.origin]}
        actions={<Actions project={project} form={form} />}
      />
      <Section title={words.sections.standing}>
        <Standing project={project} form={form} />
      </Section>
      <Section title={words.sections.questions}>
        <Questions fields={form.fields} languages={form.languages} />
      </Section>
      <Section title={words.sections.versions}>
        <Definitions project={project} form={form} />
      </Section>
      <Indexed project={project} form={form} />
      <FormFiles project={project} form={form} />
      <Section title={words.sections.phones}>
        <Phones project={project} isDefined={form.definition !== null} />
      </Section>
    </>
  );
}

function Actions({ project, form }: OfForm) {
  const words = useWords().forms;
  const may = useMay(project, "editor");
  const [open, setOpen] = useState(false);
  return (
    <>
      {form.origin === "defined" && (
        <Button
          variant="default"
          renderRoot={(props) => (
            <Link
              {...props}
              to="/projects/$project/form-definitions/$definition"
              params={{ project, definition: form.name }}
            />
          )}
        >
          {words.toDefinition}
        </Button>
      )}
      {may && form.origin !== "defined" && (
        <>
          <Button variant="default" onClick={() => setOpen(true)}>
            {form.definition === null ? words.upload.definition : words.upload.version}
          </Button>
          <UploadForm
            project={project}
            opened={open}
            close={() => setOpen(false)}
            application={form.application}
          />
        </>
      )}
      <Button
        renderRoot={(props) => (
          <Link
            {...props}
            to="/projects/$project/submissions"
            params={{ project }}
            search={{ form: form.name }}
          />
        )}
      >
        {words.toSubmissions}
      </Button>
    </>
  );
}

function Standing({ project, form }: OfForm) {
  const words = useWords().forms;
  const last = useQuery(lastOfFormQuery(project, form.name, form.submissions)).data;
  const none = <span className={filed.quiet}>—</span>;
  const facts: [string, ReactNode][] = [
    [words.columns.submissions, <Count key="count" value={form.submissions} />],
    [words.columns.last, last == null ? none : <Time key="last" at={last} />],
    [words.facts.id, form.form_id === null ? none : <code key="id">{form.form_id}</code>],
    [words.facts.xmlns, form.xmlns === null ? none : <code key="xmlns">{form.xmlns}</code>],
    [words.columns.version, form.version ?? none],
    [words.columns.application, form.application ?? none],
  ];
  return (
    <>
      <Facts facts={facts} />
      {form.encrypted && <p>{words.encrypted}</p>}
    </>
  );
}

function Definitions({ project, form }: OfForm) {
  const words = useWords().forms;
  const format = useFormat();
  if (form.versions.length === 0) {
    return <p className={filed.quiet}>{words.noDefinition}</p>;
  }
  return (
    <div className={table.wide}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>{words.versions.number}</th>
            <th>{words.columns.version}</th>
            <th>{words.versions.at}</th>
            <th>{words.versions.size}</th>
            <th>{words.versions.file}</th>
          </tr>
        </thead>
        <tbody>
          {form.versions.map((version) => (
            <tr key={version.number}>
              <td>
                {format.number(version.number)}{" "}
                {version.number === form.definition && (
                  <StateMark tone="well">{words.versions.newest}</StateMark>
                )}
              </td>
              <td>{version.version ?? "—"}</td>
              <td>
                <Time at={version.at} />
              </td>
              <td>{format.bytes(version.bytes)}</td>
              <td>
                <a
                  href={definitionPath(project, form.name, version.number)}
                  download={`${form.name}-${version.number}.xml`}
                  aria-label={words.versions.downloadNumber(version.number)}
                >
                  {words.versions.download}
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
