// Making a source, and changing one.

import { Select, TextInput } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import { isDefinition } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { FormFrame } from "../../definitions/FormFrame";
import { ChoiceAt, mistakeText, SecretAt, SwitchAt, TextAt } from "../../definitions/fields";
import { FormProvider, useDefinitionForm, useForm } from "../../definitions/form";
import type { Meanwhile } from "../../definitions/Meanwhile";
import { useNameField } from "../../definitions/name";
import type { Defined } from "../../definitions/queries";
import { useSaving } from "../../definitions/saving";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { ProofsField } from "./ProofsField";

const newRoute = getRouteApi("/inside/projects/$project/new/source");
const changeRoute = getRouteApi("/inside/projects/$project/sources/$source/change");

const DIALECTS = [
  "kobo",
  "commcare",
  "commcare-form",
  "commcare-case",
  "odk-aggregate",
  "wcs",
  "json",
  "xml",
  "form",
  "raw",
];
const FIELDS = [
  ...["dialect", "enabled", "secret", "path", "auth", "dedupe", "dedupe.content"],
  ...["on_bad_body", "expect_every", "id"],
];
const USUAL_WINDOW = "1h";

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

interface SourceFormProps {
  project: string;
  name: string | null;
  defined: Defined | null;
  meanwhile?: Meanwhile;
}

function SourceForm({ project, name, defined, meanwhile }: SourceFormProps) {
  const words = useWords();
  const navigate = newRoute.useNavigate();
  const saved = defined?.definition ?? null;
  const named = useNameField(name);
  const toOne = (source: string) =>
    navigate({ to: "/projects/$project/sources/$source", params: { project, source } });
  const saving = useSaving({
    project,
    noun: "sources",
    name: named.name,
    defined,
    done: () => toOne(named.name),
  });
  const { form, touched, rest, spoken } = useForm({
    saved,
    initial: saved ?? { dialect: "json" },
    prefix: `sources.${named.name}`,
    fields: FIELDS,
    error: saving.error,
  });
  const submit = (over?: Meanwhile) => {
    spoken();
    if (named.check() && form.isSound) {
      saving.mutate({ definition: form.definition, over });
    }
  };
  return (
    <FormProvider form={form}>
      <FormFrame
        save={() => submit()}
        saving={saving.isPending}
        saved={saving.isSuccess}
        saveWord={name === null ? words.sources.make : words.definitions.save}
        cancel={() =>
          void (name === null
            ? navigate({ to: "/projects/$project/sources", params: { project } })
            : toOne(name))
        }
        touched={touched || named.touched}
        error={saving.error}
        rest={rest}
        meanwhile={
          meanwhile && {
            name: named.name,
            again: meanwhile.again,
            anyway: () => submit(meanwhile),
          }
        }
      >
        <SourceFields
          nameField={name === null ? <TextInput {...named.field(saving.error)} /> : null}
        />
      </FormFrame>
    </FormProvider>
  );
}

function SourceFields({ nameField }: { nameField: ReactNode }) {
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
          <ProofsField />
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
