// The settings as a form. Before a shorter retention erases anything, it is counted and asked for.
import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { projectsQuery } from "../../api/projects";
import type { Definition } from "../../definitions/definition";
import { FormError, FormFoot, useLeaveAsked } from "../../definitions/FormFrame";
import { mistakeText, TextAt } from "../../definitions/fields";
import { FormProvider, useDefinitionForm, useForm } from "../../definitions/form";
import { useConfirm } from "../../design/Confirm";
import { Section } from "../../design/Section";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { RecipientsField } from "../connections/RecipientsField";
import { ErasesList } from "./ErasesList";
import { erasesSomething } from "./erases";
import { projectQuery, saveSettings, settingsQuery } from "./queries";
import { Retention } from "./Retention";
import styles from "./settings.module.css";

const FIELDS = [
  "title",
  "notify",
  "reports.day",
  "reports.week",
  "retention.messages",
  "retention.bodies",
  "retention.attempts",
  "retention.after_success",
];

interface SettingsFormProps {
  project: string;
  saved: Definition;
  mayChange: boolean;
}

export function SettingsForm({ project, saved, mayChange }: SettingsFormProps) {
  const words = useWords().settings;
  const client = useQueryClient();
  const confirm = useConfirm();
  const toast = useToast();
  const saving = useMutation({
    mutationFn: async (settings: Definition): Promise<boolean> => {
      const { erases } = await saveSettings(project, settings, true);
      if (erasesSomething(erases)) {
        const text = (
          <>
            <p>{words.eraseNow}</p>
            <ErasesList erases={erases} />
          </>
        );
        const question = { title: words.eraseAsk, text, action: words.eraseAction };
        if (!(await confirm({ ...question, loses: true }))) {
          return false;
        }
      }
      await saveSettings(project, settings, false);
      return true;
    },
    onSuccess: async (done) => {
      if (!done) {
        return;
      }
      toast({ text: words.saved });
      await Promise.all([
        client.invalidateQueries(settingsQuery(project)),
        client.invalidateQueries(projectQuery(project)),
        client.invalidateQueries(projectsQuery),
      ]);
    },
  });
  const { form, touched, rest, spoken } = useForm({
    saved,
    initial: saved,
    prefix: "",
    fields: FIELDS,
    error: saving.error,
  });
  useLeaveAsked(touched && !saving.isPending && saving.data !== true);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    spoken();
    saving.mutate(form.definition);
  };
  return (
    <FormProvider form={form}>
      <form onSubmit={submit} noValidate>
        <fieldset className={styles.fields} disabled={!mayChange}>
          <Section title={words.general}>
            <div className={styles.group}>
              <TextAt path="title" label={words.projectTitle} about={words.projectTitleAbout} />
              <RecipientsField label={words.notify} about={words.notifyAbout} />
            </div>
          </Section>
          <Section title={words.reports}>
            <p className={styles.about}>{words.reportsAbout}</p>
            <div className={styles.group}>
              <AddressesAt path="reports.day" label={words.day} />
              <AddressesAt path="reports.week" label={words.week} />
            </div>
          </Section>
          <Section title={words.retention}>
            <Retention />
          </Section>
        </fieldset>
        {mayChange && (
          <FormFoot note={<FormError error={saving.error} rest={rest} />}>
            <Button type="submit" loading={saving.isPending}>
              {words.save}
            </Button>
          </FormFoot>
        )}
      </form>
    </FormProvider>
  );
}

/** Mail addresses, one a line. */
function AddressesAt({ path, label }: { path: string; label: string }) {
  const form = useDefinitionForm();
  const value = form.value(path);
  const lines = Array.isArray(value) ? value.map(String) : [];
  return (
    <Textarea
      label={label}
      autosize={false}
      rows={Math.max(2, lines.length)}
      placeholder="lead@example.org"
      value={lines.join("\n")}
      error={mistakeText(form.mistakes(path))}
      onChange={(event) => {
        const text = event.currentTarget.value;
        form.put(path, text === "" ? undefined : text.split("\n"));
      }}
    />
  );
}
