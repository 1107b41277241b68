// What a forwarder wants: the event, and what must hold of what it brings.
import { Select } from "@mantine/core";
import { lazy, type ReactNode, Suspense } from "react";
import own from "../../definitions/definitions.module.css";
import { More } from "../../definitions/FormFrame";
import { ChoiceAt, mistakeText } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { JsonAt } from "../../definitions/JsonAt";
import { PairsAt } from "../../definitions/PairsAt";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { applies, broughtBy, EVENTS, eventOf, formatOf, withEvent } from "./events";

const FiledFields = lazy(() =>
  import("./FiledFields").then(({ FiledFields }) => ({ default: FiledFields })),
);

interface WantsFieldsProps {
  project: string;
  nameField: ReactNode;
  sources: string[];
  /** Whether it sends to a database; null while it is not said where. */
  isDatabase: boolean | null;
}

export function WantsFields({ project, nameField, sources, isDatabase }: WantsFieldsProps) {
  const all = useWords().forwarders;
  const { definition } = useDefinitionForm();
  const event = eventOf(definition);
  const has = (key: string) => applies(key, event, formatOf(definition));
  const isMessage = broughtBy(event) === "message";
  return (
    <Section title={all.sections.wants}>
      <div className={own.group}>
        {nameField}
        <EventField isDatabase={isDatabase} />
        {has("from") && (
          <ChoiceAt
            path="from"
            label={all.form.from}
            usual=""
            choices={[
              { value: "", label: all.allSources },
              ...sources.map((name) => ({ value: name, label: name })),
            ]}
          />
        )}
        <Suspense fallback={null}>
          {!isMessage && <FiledFields project={project} has={has} />}
        </Suspense>
        {isMessage ? <ContentFields /> : has("match") && <ContentOfFiled />}
      </div>
    </Section>
  );
}

function EventField({ isDatabase }: Pick<WantsFieldsProps, "isDatabase">) {
  const all = useWords();
  const form = useDefinitionForm();
  return (
    <Select
      label={all.forwarders.form.on}
      data={EVENTS.map((value) => ({ value, label: all.forwarding.events[value] }))}
      allowDeselect={false}
      value={eventOf(form.definition)}
      error={mistakeText(form.mistakes("on"))}
      onChange={(chosen) => {
        const event = EVENTS.find((each) => each === chosen);
        if (event !== undefined) {
          form.change((definition) => withEvent(definition, event, isDatabase));
        }
      }}
    />
  );
}

/** What the content of a message is asked for, openly: a message has nothing else to be known by. */
function ContentFields() {
  const words = useWords().forwarders.form;
  return (
    <>
      <JsonAt path="match" label={words.match} about={words.matchAbout} />
      <JsonAt path="unless" label={words.unless} about={words.unlessAbout} />
      <More title={words.request} about={words.requestAbout} paths={REQUEST_PATHS}>
        <RequestFields />
      </More>
    </>
  );
}

const REQUEST_PATHS = ["match_headers", "match_query"];

function ContentOfFiled() {
  const all = useWords();
  const { form: words } = all.forwarders;
  const own = all.forwarding.form;
  const isCase = broughtBy(eventOf(useDefinitionForm().definition)) === "case";
  return (
    <More
      title={own.content}
      about={own.contentAbout}
      paths={["match", "unless", ...REQUEST_PATHS]}
    >
      <JsonAt
        path="match"
        label={words.match}
        about={isCase ? own.matchCaseAbout : own.matchAbout}
      />
      <JsonAt path="unless" label={words.unless} about={own.unlessAbout} />
      <RequestFields />
    </More>
  );
}

function RequestFields() {
  const words = useWords().forwarders.form;
  return (
    <>
      <PairsAt
        path="match_headers"
        label={words.matchHeaders}
        nameLabel={words.headerName}
        valueLabel={words.value}
      />
      <PairsAt
        path="match_query"
        label={words.matchQuery}
        nameLabel={words.parameterName}
        valueLabel={words.value}
      />
    </>
  );
}
