// The fields of a forwarder: what it wants, what it sends and where, and when it tries again.
import { TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { textAt } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { ChoiceAt, mistakeText, NumberAt, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { RetryPlan } from "./RetryPlan";
import { policyOf } from "./retryPlan";
import { type Destination, SendsFields, sendsToDatabase } from "./SendsFields";
import { WantsFields } from "./WantsFields";

/** The paths of the fields, for the mistakes that they can show. */
export const FORWARDER_FIELDS: readonly string[] = [
  ...["on", "from", "match", "unless", "match_headers", "match_query", "to", "format", "method"],
  ...["forms", "case_types", "applications", "users", "without_users", "withhold"],
  ...["case_xml_version", "closed_cases", "template", "content_type", "position", "table"],
  ...["app_id", "order_by", "on_rejected", "payload", "headers", "query"],
  ...["first", "factor", "max", "give_up_after", "minimum_tries", "codes"].map(
    (key) => `retry.${key}`,
  ),
];

interface ForwarderFieldsProps {
  project: string;
  nameField: ReactNode;
  sources: string[];
  destinations: Destination[];
}

export function ForwarderFields(props: ForwarderFieldsProps) {
  const { project, nameField, sources, destinations } = props;
  const form = useDefinitionForm();
  return (
    <>
      <WantsFields
        project={project}
        nameField={nameField}
        sources={sources}
        isDatabase={sendsToDatabase(form.text("to"), destinations)}
      />
      <SendsFields project={project} destinations={destinations} />
      <OrderFields />
      <RetryFields />
    </>
  );
}

function OrderFields() {
  const all = useWords().forwarders;
  const form = useDefinitionForm();
  const ordered = form.text("order_by") !== "" && form.text("order_by") !== "none";
  return (
    <Section title={all.sections.order}>
      <div className={own.group}>
        <ChoiceAt
          path="order_by"
          label={all.form.orderBy}
          usual="none"
          choices={(["none", "case", "form", "connection"] as const).map((value) => ({
            value,
            label: all.orders[value],
          }))}
        />
        {ordered && (
          <ChoiceAt
            path="on_rejected"
            label={all.form.onRejected}
            usual="continue"
            choices={(["continue", "hold"] as const).map((value) => ({
              value,
              label: all.rejections[value],
            }))}
          />
        )}
        <ChoiceAt
          path="payload"
          label={all.form.payload}
          usual="snapshot"
          choices={(["snapshot", "latest"] as const).map((value) => ({
            value,
            label: all.payloads[value],
          }))}
        />
      </div>
    </Section>
  );
}

function RetryFields() {
  const all = useWords();
  const words = all.forwarders;
  const { definition } = useDefinitionForm();
  const policy = policyOf((key) => textAt(definition, `retry.${key}`));
  return (
    <Section title={words.sections.retry}>
      <div className={own.group}>
        {policy !== null && <RetryPlan policy={policy} />}
        <div className={own.two}>
          <TextAt path="retry.first" label={words.form.first} placeholder="15s" />
          <NumberAt
            path="retry.factor"
            label={words.form.factor}
            placeholder="3"
            decimals={2}
            min={1}
            max={100}
          />
          <TextAt path="retry.max" label={words.form.max} placeholder="6h" />
          <TextAt path="retry.give_up_after" label={words.form.giveUpAfter} placeholder="5d" />
          <NumberAt
            path="retry.minimum_tries"
            label={words.form.minimumTries}
            placeholder="3"
            min={1}
            max={1000}
          />
          <CodesField />
        </div>
        <p className={own.about}>{all.definitions.duration}</p>
      </div>
    </Section>
  );
}

/** Answers to try again that would be final: `404 4xx` in the form, a list in the definition. */
function CodesField() {
  const words = useWords().forwarders.form;
  const form = useDefinitionForm();
  const [typed, setTyped] = useState(() => {
    const value = form.value("retry.codes");
    return Array.isArray(value) ? value.map(String).join(" ") : "";
  });
  return (
    <TextInput
      label={words.codes}
      placeholder={words.codesAbout}
      value={typed}
      error={mistakeText(form.mistakes("retry.codes"))}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        const codes = text.split(/[\s,]+/).filter((code) => code !== "");
        form.put(
          "retry.codes",
          codes.length === 0
            ? undefined
            : codes.map((code) => (/^\d+$/.test(code) ? Number(code) : code)),
        );
      }}
    />
  );
}
