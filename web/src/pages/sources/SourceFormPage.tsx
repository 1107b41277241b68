// Making a source, and changing one.

import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import { DefinitionForm, type OfForm } from "../../definitions/DefinitionForm";
import { type Definition, isDefinition, textAt } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { ChoiceAt, mistakeText, SecretAt, SwitchAt, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { connectionsQuery } from "../../definitions/queries";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { isDatabase } from "../connections/database";
import { AccessField } from "./AccessField";
import { WITH_RECEIVER } from "./receivers";

const ProofsField = lazy(() =>
  import("./ProofsField").then(({ ProofsField }) => ({ default: ProofsField })),
);

const newRoute = getRouteApi("/inside/projects/$project/new/source");
const changeRoute = getRouteApi("/inside/projects/$project/sources/$source/change");

const DIALECTS = [
  "kobo",
  "commcare",
  "commcare-form",
  "commcare-case",
  "openrosa",
  "odk-aggregate",
  "odk-central",
  "wcs",
  "normalised",
  "json",
  "xml",
  "form",
  "raw",
];
const FIELDS = [
  ...["dialect", "enabled", "secret", "path", "auth", "access", "dedupe", "dedupe.content"],
  ...["on_bad_body", "expect_every", "fetch_files", "id"],
];
const USUAL_WINDOW = "1h";

/** Dialects whose submissions link to their files. */
const WITH_LINKS = ["kobo", "odk-aggregate", "odk-central"];

/** What is written of what is typed: only some dialects have receivers, and only some have links. */
function written({ access, fetch_files, ...rest }: Definition): Definition {
  const dialect = textAt(rest, "dialect");
  return {
    ...rest,
    ...(access !== undefined && WITH_RECEIVER.includes(dialect) ? { access } : {}),
    ...(fetch_files !== undefined && WITH_LINKS.includes(dialect) ? { fetch_files } : {}),
  };
}

export function NewSourcePage() {
  const words = useWords();
  const { project } = newRoute.useParams();
  return (
    <Allowed project={project} noun="sources" title={words.sources.make}>
      <SourceForm project={project} name={null} defined={null} />
    </Allowed>
  );
}

export function ChangeSourcePage() {
  const words = useWords();
  const { project, source } = changeRoute.useParams();
  return (
    <ChangePage
      project={project}
      noun="sources"
      name={source}
      title={words.sources.changeTitle(source)}
    >
      {(defined, meanwhile) => (
        <SourceForm project={project} name={source} defined={defined} meanwhile={meanwhile} />
      )}
    </ChangePage>
  );
}

function SourceForm(props: OfForm) {
  const words = useWords().sources;
  return (
    <DefinitionForm
      {...props}
      noun="sources"
      initial={props.defined?.definition ?? { dialect: "json" }}
      fields={FIELDS}
      written={written}
      makeWord={words.make}
    >
      {(nameField) => <SourceFields project={props.project} nameField={nameField} />}
    </DefinitionForm>
  );
}

function SourceFields({ project, nameField }: { project: string; nameField: ReactNode }) {
  const all = useWords();
  const words = all.sources;
  const form = useDefinitionForm();
  return (
    <>
      <Section title={words.form.what}>
        <div className={own.group}>
          {nameField}
          <ChoiceAt
            path="dialect"
            label={words.form.dialect}
            about={words.dialectAbouts[form.text("dialect")]}
            choices={DIALECTS.map((value) => ({ value, label: words.dialects[value] ?? value }))}
            required
          />
          <SwitchAt path="enabled" label={words.form.enabled} usual />
          {WITH_LINKS.includes(form.text("dialect")) && <FetchField project={project} />}
        </div>
      </Section>
      <Section title={words.form.addresses}>
        <div className={own.group}>
          <SecretAt
            path="secret"
            label={words.form.secret}
            about={words.form.secretAbout}
            required={form.saved !== null}
            stays
          />
          <TextAt path="path" label={words.form.path} about={words.form.pathAbout} />
          <Suspense fallback={null}>
            <ProofsField />
          </Suspense>
          {WITH_RECEIVER.includes(form.text("dialect")) && <AccessField />}
        </div>
      </Section>
      <Section title={words.form.checks}>
        <div className={own.group}>
          <DedupeField />
          <ChoiceAt
            path="on_bad_body"
            label={words.form.badBody}
            about={words.form.badBodyAbout}
            usual={form.text("dialect") === "odk-aggregate" ? "accept" : "refuse"}
            choices={(["refuse", "accept"] as const).map((value) => ({
              value,
              label: words.form.badBodies[value],
            }))}
          />
          <TextAt
            path="expect_every"
            label={words.form.expect}
            about={words.form.expectAbout}
            placeholder="1d"
          />
          <p className={own.about}>{all.definitions.duration}</p>
        </div>
      </Section>
    </>
  );
}

/** By which connection linked files are fetched; a database has none. */
function FetchField({ project }: { project: string }) {
  const words = useWords().sources.form;
  const central = useDefinitionForm().text("dialect") === "odk-central";
  const connections = useQuery(connectionsQuery(project)).data ?? [];
  return (
    <ChoiceAt
      path="fetch_files"
      label={words.fetch}
      about={central ? words.fetchCentralAbout : words.fetchAbout}
      usual=""
      choices={[
        { value: "", label: words.fetchNot },
        ...connections
          .filter(({ url }) => !isDatabase(url))
          .map(({ name }) => ({ value: name, label: words.fetchBy(name) })),
      ]}
    />
  );
}

function DedupeField() {
  const words = useWords().sources.form;
  const form = useDefinitionForm();
  const value = form.value("dedupe");
  const how = isDefinition(value) ? "content" : value === "none" ? "none" : "identity";
  return (
    <div className={own.two}>
      <Select
        label={words.dedupe}
        data={(["identity", "content", "none"] as const).map((each) => ({
          value: each,
          label: words.dedupes[each],
        }))}
        allowDeselect={false}
        value={how}
        error={mistakeText(form.mistakes("dedupe"))}
        onChange={(chosen) =>
          form.put(
            "dedupe",
            chosen === "content"
              ? { content: USUAL_WINDOW }
              : chosen === "none"
                ? "none"
                : undefined,
          )
        }
      />
      {how === "content" && <TextAt path="dedupe.content" label={words.window} />}
    </div>
  );
}
