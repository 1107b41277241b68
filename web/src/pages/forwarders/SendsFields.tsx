// What a forwarder sends, where, and what it withholds.
import { Select } from "@mantine/core";
import { lazy, Suspense } from "react";
import own from "../../definitions/definitions.module.css";
import { More } from "../../definitions/FormFrame";
import { ChoiceAt, mistakeText, SwitchAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { PairsAt } from "../../definitions/PairsAt";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { isDatabase } from "../connections/database";
import { applies, eventOf, fittingFormat, formatOf, formatsOf, usualFormat } from "./events";

/** Fields that fill themselves in come a moment later: the page is long, and they are far down. */
const FormatOptions = lazy(() =>
  import("./FormatOptions").then(({ FormatOptions }) => ({ default: FormatOptions })),
);
const WithheldField = lazy(() =>
  import("./WithheldField").then(({ WithheldField }) => ({ default: WithheldField })),
);

export interface Destination {
  name: string;
  url: string;
}

const METHODS = ["POST", "PUT", "PATCH", "DELETE"];

/** Whether a definition sends to a database; null while it is not said where. */
export function sendsToDatabase(to: string, destinations: readonly Destination[]): boolean | null {
  const found = destinations.find(({ name }) => name === to);
  return found === undefined ? null : isDatabase(found.url);
}

interface SendsFieldsProps {
  project: string;
  destinations: Destination[];
}

export function SendsFields({ project, destinations }: SendsFieldsProps) {
  const all = useWords();
  const words = all.forwarders;
  const { definition } = useDefinitionForm();
  const event = eventOf(definition);
  const toDatabase = sendsToDatabase(String(definition.to ?? ""), destinations);
  const has = (key: string) => applies(key, event, formatOf(definition));
  return (
    <>
      <Section title={words.sections.sends}>
        <div className={own.group}>
          <ToField destinations={destinations} />
          <FormatField isDatabase={toDatabase} />
          <Suspense fallback={null}>
            <FormatOptions project={project} has={has} />
          </Suspense>
          {has("method") && (
            <ChoiceAt
              path="method"
              label={words.form.method}
              usual="POST"
              choices={METHODS.map((value) => ({ value, label: value }))}
            />
          )}
          {has("app_id") && <SwitchAt path="app_id" label={all.forwarding.form.appId} usual />}
          {has("headers") && <AdditionFields />}
        </div>
      </Section>
      <Suspense fallback={null}>{has("withhold") && <WithheldField project={project} />}</Suspense>
    </>
  );
}

function ToField({ destinations }: Pick<SendsFieldsProps, "destinations">) {
  const all = useWords();
  const form = useDefinitionForm();
  return (
    <Select
      label={all.forwarders.form.to}
      placeholder={all.forwarders.form.toChoose}
      data={destinations.map(({ name, url }) => ({
        value: name,
        label: isDatabase(url) ? all.forwarding.database(name) : name,
      }))}
      required
      allowDeselect={false}
      searchable={destinations.length > 8}
      value={form.text("to") || null}
      error={mistakeText(form.mistakes("to"))}
      onChange={(chosen) => {
        if (chosen !== null) {
          form.change((definition) =>
            fittingFormat({ ...definition, to: chosen }, sendsToDatabase(chosen, destinations)),
          );
          form.put("to", chosen);
        }
      }}
    />
  );
}

function FormatField({ isDatabase: toDatabase }: { isDatabase: boolean | null }) {
  const all = useWords();
  const form = useDefinitionForm();
  const event = eventOf(form.definition);
  const choices = formatsOf(event, toDatabase);
  const format = formatOf(form.definition);
  if (choices.length === 0) {
    return null;
  }
  return (
    <ChoiceAt
      path="format"
      label={all.forwarders.form.format}
      about={all.forwarding.formatAbouts[format]}
      usual={usualFormat(event)}
      choices={choices.map((value) => ({ value, label: all.forwarding.formats[value] }))}
    />
  );
}

function AdditionFields() {
  const words = useWords().forwarders.form;
  return (
    <More title={words.additions} about={words.additionsAbout} paths={["headers", "query"]}>
      <PairsAt
        path="headers"
        label={words.headers}
        nameLabel={words.headerName}
        valueLabel={words.value}
      />
      <PairsAt
        path="query"
        label={words.query}
        nameLabel={words.parameterName}
        valueLabel={words.value}
      />
    </More>
  );
}
