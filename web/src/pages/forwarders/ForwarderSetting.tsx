// How a forwarder is set: what it wants, what it sends and withholds.
import type { ReactNode } from "react";
import { type Definition, Exact, isDefinition, textAt } from "../../definitions/definition";
import { namesIn } from "../../definitions/names";
import { Facts, Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { applies, eventOf, formatOf } from "./events";
import styles from "./forwarders.module.css";
import { toldWithheld } from "./toldWithheld";
import { withheldFields } from "./withheld";

interface OfDefinition {
  definition: Definition;
}

export function ForwarderSetting({ definition }: OfDefinition) {
  return (
    <>
      <Wants definition={definition} />
      <Sends definition={definition} />
      <Withheld definition={definition} />
    </>
  );
}

function Wants({ definition }: OfDefinition) {
  const all = useWords();
  const words = all.forwarders;
  const { match, unless } = definition;
  const pairs = (key: "match_headers" | "match_query") => {
    const value = definition[key];
    return isDefinition(value)
      ? Object.entries(value).map(([name, text]) => `${name}: ${String(text)}`)
      : [];
  };
  const listed = (["case_types", "forms", "users", "without_users", "applications"] as const)
    .map((key): [string, string] => [
      all.forwarding.form[FIELDS[key]],
      namesIn(definition[key]).join(", "),
    ])
    .filter(([, names]) => names !== "");
  const facts: [string, ReactNode][] = [
    [words.form.on, all.forwarding.events[eventOf(definition)]],
    ...listed,
    ...pairs("match_headers").map((each): [string, string] => [words.form.matchHeaders, each]),
    ...pairs("match_query").map((each): [string, string] => [words.form.matchQuery, each]),
  ];
  return (
    <Section title={words.sections.wants}>
      <Facts facts={facts} />
      {match instanceof Exact && (
        <>
          <p>{words.form.match}</p>
          <pre className={styles.filter}>{match.text}</pre>
        </>
      )}
      {unless instanceof Exact && (
        <>
          <p>{words.form.unless}</p>
          <pre className={styles.filter}>{unless.text}</pre>
        </>
      )}
    </Section>
  );
}

const FIELDS = {
  case_types: "caseTypes",
  forms: "forms",
  users: "users",
  without_users: "withoutUsers",
  applications: "applications",
} as const;

function Sends({ definition }: OfDefinition) {
  const all = useWords();
  const words = all.forwarders;
  const options = all.forwarding.form;
  const [event, format] = [eventOf(definition), formatOf(definition)];
  const chosen = <Key extends string>(
    key: string,
    names: Record<Key, string>,
    usual: NoInfer<Key>,
  ): string => {
    const value = textAt(definition, key);
    return names[value as Key] ?? names[usual];
  };
  const optional: [string, string, ReactNode][] = [
    [
      "case_xml_version",
      options.caseXmlVersion,
      chosen("case_xml_version", options.caseXmlVersions, "2.0"),
    ],
    [
      "closed_cases",
      options.closedCases,
      chosen("closed_cases", options.closedCasesChoices, "full"),
    ],
    ["content_type", options.contentType, textAt(definition, "content_type") || null],
    ["position", options.position, textAt(definition, "position") || null],
    ["table", options.table, textAt(definition, "table") || null],
    ["method", words.form.method, textAt(definition, "method") || "POST"],
  ];
  return (
    <Section title={words.sections.sends}>
      <Facts
        facts={[
          [words.form.format, all.forwarding.formats[format]],
          ...optional
            .filter(([key, , value]) => value !== null && applies(key, event, format))
            .map(([, label, value]): [string, ReactNode] => [label, value]),
          [words.form.orderBy, chosen("order_by", words.orders, "none")],
          [words.form.payload, chosen("payload", words.payloads, "snapshot")],
        ]}
      />
      {format === "template" && (
        <pre className={styles.filter}>{textAt(definition, "template")}</pre>
      )}
    </Section>
  );
}

function Withheld({ definition }: OfDefinition) {
  const words = useWords().forwarding.withhold;
  const fields = withheldFields(definition.withhold);
  if (fields.length === 0) {
    return null;
  }
  return (
    <Section title={words.title}>
      <Facts facts={fields.map((field) => [field.path, toldWithheld(field, words)])} />
    </Section>
  );
}
