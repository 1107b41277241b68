// One forwarder: what it wants, where it sends it, what has not arrived, and when it tries again.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../api/useMay";
import { PauseButton, RemoveButton } from "../../definitions/DefinitionActions";
import { type Definition, Exact, isDefinition, textAt } from "../../definitions/definition";
import { useLiveDefinitions } from "../../definitions/live";
import { definedQuery, type Forwarder, forwardersQuery } from "../../definitions/queries";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { Facts, Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import styles from "./forwarders.module.css";
import { RetryPlan } from "./RetryPlan";
import { policyOf } from "./retryPlan";
import { StateCounts } from "./StateCounts";

const route = getRouteApi("/inside/projects/$project/forwarders/$forwarder");

export function ForwarderPage() {
  const words = useWords();
  const { project, forwarder: name } = route.useParams();
  const { data, error, refetch } = useQuery(definedQuery(project, "forwarders", name));
  const forwarder = useQuery(forwardersQuery(project)).data?.find((each) => each.name === name);
  useLiveDefinitions(project);
  if (data === undefined || forwarder === undefined) {
    return (
      <>
        <PageHead title={name} />
        {error === null ? (
          <ListSkeleton label={words.common.loading} />
        ) : (
          <ErrorNote error={error} retry={() => void refetch()} />
        )}
      </>
    );
  }
  return <Shown project={project} forwarder={forwarder} definition={data.definition} />;
}

interface ShownProps {
  project: string;
  forwarder: Forwarder;
  definition: Definition;
}

function Shown({ project, forwarder, definition }: ShownProps) {
  const words = useWords().forwarders;
  const { name, from, to, paused } = forwarder;
  const policy = policyOf((key) => textAt(definition, `retry.${key}`));
  return (
    <>
      <PageHead
        title={name}
        beside={
          <StateMark tone={paused ? "waiting" : "well"}>
            {paused ? words.paused : words.runs}
          </StateMark>
        }
        actions={<Actions project={project} forwarder={forwarder} />}
      />
      <p className={styles.way}>
        {from === null ? (
          words.allSources
        ) : (
          <PlaceLink project={project} place="sources" name={from}>
            {from}
          </PlaceLink>
        )}
        <span aria-hidden="true">→</span>
        <strong>{name}</strong>
        <span aria-hidden="true">→</span>
        <PlaceLink project={project} place="connections" name={to}>
          {to}
        </PlaceLink>
      </p>
      <Section title={words.sections.deliveries}>
        <StateCounts project={project} forwarder={forwarder} />
      </Section>
      <Wants definition={definition} />
      <Sends definition={definition} />
      <Section title={words.sections.retry}>
        {policy !== null && <RetryPlan policy={policy} />}
      </Section>
    </>
  );
}

function Actions({ project, forwarder }: Omit<ShownProps, "definition">) {
  const words = useWords();
  const may = useMay(project, "editor");
  const { name, paused, deliveries } = forwarder;
  const waiting = (deliveries.pending ?? 0) + (deliveries.failed ?? 0);
  if (!may) {
    return null;
  }
  return (
    <>
      <PauseButton project={project} noun="forwarders" name={name} paused={paused} />
      <Button
        variant="default"
        renderRoot={(props) => (
          <Link
            {...props}
            to="/projects/$project/forwarders/$forwarder/change"
            params={{ project, forwarder: name }}
          />
        )}
      >
        {words.definitions.change}
      </Button>
      <RemoveButton
        project={project}
        noun="forwarders"
        name={name}
        about={words.forwarders.removeAbout(waiting)}
      />
    </>
  );
}

function Wants({ definition }: { definition: Definition }) {
  const words = useWords().forwarders;
  const { match, unless } = definition;
  const pairs = (key: "match_headers" | "match_query") => {
    const value = definition[key];
    return isDefinition(value)
      ? Object.entries(value).map(([name, text]) => `${name}: ${String(text)}`)
      : [];
  };
  const headers = pairs("match_headers");
  const query = pairs("match_query");
  const everything = ![match, unless].some((each) => each instanceof Exact);
  return (
    <Section title={words.sections.wants}>
      {everything && headers.length === 0 && query.length === 0 && <p>{words.everything}</p>}
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
      <Facts
        facts={[
          ...headers.map((each): [string, string] => [words.form.matchHeaders, each]),
          ...query.map((each): [string, string] => [words.form.matchQuery, each]),
        ]}
      />
    </Section>
  );
}

function Sends({ definition }: { definition: Definition }) {
  const words = useWords().forwarders;
  const chosen = <Key extends string>(
    key: string,
    names: Record<Key, string>,
    usual: NoInfer<Key>,
  ): string => {
    const value = textAt(definition, key);
    return names[value as Key] ?? names[usual];
  };
  return (
    <Section title={words.sections.sends}>
      <Facts
        facts={[
          [words.form.format, chosen("format", words.formats, "as-received")],
          [words.form.method, textAt(definition, "method") || "POST"],
          [words.form.orderBy, chosen("order_by", words.orders, "none")],
          [words.form.payload, chosen("payload", words.payloads, "snapshot")],
        ]}
      />
    </Section>
  );
}
