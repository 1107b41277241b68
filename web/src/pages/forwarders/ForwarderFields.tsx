// The fields of a forwarder: what it wants, what it sends and where, and when it tries again.
import { TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { textAt } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { More } from "../../definitions/FormFrame";
import { ChoiceAt, mistakeText, NumberAt, TextAt } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { JsonAt } from "../../definitions/JsonAt";
import { PairsAt } from "../../definitions/PairsAt";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { RetryPlan } from "./RetryPlan";
import { policyOf } from "./retryPlan";

/** The paths of the fields, for the mistakes that they can show. */
export const FORWARDER_FIELDS: readonly string[] = [
  ...["on", "from", "match", "unless", "match_headers", "match_query", "to", "format", "method"],
  ...["order_by", "on_rejected", "payload", "headers", "query"],
  ...["first", "factor", "max", "give_up_after", "minimum_tries", "codes"].map(
    (key) => `retry.${key}`,
  ),
];

interface ForwarderFieldsProps {
  nameField: ReactNode;
  sources: string[];
  connections: string[];
}

export function ForwarderFields({ nameField, sources, connections }: ForwarderFieldsProps) {
  const all = useWords().forwarders;
  const words = all.form;
  const named = (names: string[]) => names.map((name) => ({ value: name, label: name }));
  return (
    <>
      <Section title={all.sections.wants}>
        <div className={own.group}>
          {nameField}
          <div className={own.two}>
            <ChoiceAt
              path="on"
              label={words.on}
              usual="message"
              choices={[{ value: "message", label: words.onMessage }]}
            />
            <ChoiceAt
              path="from"
              label={words.from}
              usual=""
              choices={[{ value: "", label: all.allSources }, ...named(sources)]}
            />
          </div>
          <JsonAt path="match" label={words.match} about={words.matchAbout} />
          <JsonAt path="unless" label={words.unless} about={words.unlessAbout} />
          <More
            title={words.request}
            about={words.requestAbout}
            paths={["match_headers", "match_query"]}
          >
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
          </More>
        </div>
      </Section>
      <Section title={all.sections.sends}>
        <div className={own.group}>
          <ChoiceAt
            path="to"
            label={words.to}
            placeholder={words.toChoose}
            choices={named(connections)}
            required
          />
          <div className={own.two}>
            <ChoiceAt
              path="format"
              label={words.format}
              usual="as-received"
              choices={(["as-received", "json"] as const).map((value) => ({
                value,
                label: all.formats[value],
              }))}
            />
            <ChoiceAt
              path="method"
              label={words.method}
              usual="POST"
              choices={["POST", "PUT", "PATCH"].map((value) => ({ value, label: value }))}
            />
          </div>
          <SendingFields />
        </div>
      </Section>
      <OrderFields />
      <RetryFields />
    </>
  );
}

function SendingFields() {
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
