// How a connection is set, in words; secrets are only said to be there.
import { isDefinition, textAt } from "../../definitions/definition";
import type { Defined } from "../../definitions/queries";
import { Facts, Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { kindOf } from "./authentication";
import { isDatabase } from "./database";

const USUAL_TIMEOUT = "30s";
const USUAL_CONCURRENCY = "8";

export function ConnectionSetting({ connection }: { connection: Defined }) {
  const words = useWords().connections;
  const { definition, unsubscribed } = connection;
  const at = (path: string, usual: string) => textAt(definition, path) || words.usual(usual);
  const notify = (Array.isArray(definition.notify) ? definition.notify : []).map((each) =>
    String(isDefinition(each) ? each.url : each),
  );
  const told = notify.filter((each) => !unsubscribed.includes(each));
  const tls = isDefinition(definition.tls) ? definition.tls : {};
  const special = [
    tls.ca === undefined ? null : words.tlsCa,
    tls.client_certificate === undefined ? null : words.tlsClient,
    tls.skip_verification === true ? words.tlsSkipped : null,
  ].filter((each) => each !== null);
  const toDatabase = isDatabase(textAt(definition, "url"));
  const isSigned = definition.signing_secret !== undefined;
  return (
    <Section title={words.sections.setting}>
      <Facts
        facts={[
          [
            words.facts.authentication,
            toDatabase
              ? words.databaseUser(textAt(definition, "auth.basic.username"))
              : words.kinds[kindOf(definition)],
          ],
          [words.facts.notify, told.join(", ") || words.nobodyTold],
          [words.facts.timeout, at("timeout", USUAL_TIMEOUT)],
          [words.facts.concurrency, at("concurrency", USUAL_CONCURRENCY)],
          [words.facts.rate, textAt(definition, "rate") || words.noLimit],
          [words.facts.tls, special.join(", ") || words.tlsUsual],
          ...(toDatabase
            ? []
            : [[words.facts.signed, isSigned ? words.yes : words.no] satisfies [string, string]]),
        ]}
      />
    </Section>
  );
}
