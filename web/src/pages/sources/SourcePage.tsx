// One source: its addresses to copy, what last came in, what becomes of it, and how it is set.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMay } from "../../api/useMay";
import { RemoveButton } from "../../definitions/DefinitionActions";
import { type Definition, isDefinition, textAt } from "../../definitions/definition";
import { useLiveDefinitions } from "../../definitions/live";
import {
  definedQuery,
  definitionsKey,
  expecting,
  forwardersQuery,
  healthQuery,
  type SourceHealth,
  save,
} from "../../definitions/queries";
import { useConfirm } from "../../design/Confirm";
import { Count } from "../../design/Count";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { Facts, Section } from "../../design/Section";
import { Time } from "../../design/Time";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { LoadedPage } from "../../lists/Loaded";
import { systemOf } from "../first-steps/systems";
import { Addresses } from "./Addresses";
import { newInboxSecret, quarantinedQuery } from "./queries";
import styles from "./sources.module.css";
import { SourceStanding } from "./standing";

const route = getRouteApi("/inside/projects/$project/sources/$source");

export function SourcePage() {
  const { project, source: name } = route.useParams();
  const query = useQuery(definedQuery(project, "sources", name));
  useLiveDefinitions(project);
  return (
    <LoadedPage query={query} title={name}>
      {({ definition }) => <Shown project={project} name={name} definition={definition} />}
    </LoadedPage>
  );
}

interface OfSource {
  project: string;
  name: string;
  definition: Definition;
}

function Shown({ project, name, definition }: OfSource) {
  const words = useWords();
  const health = useQuery(healthQuery(project)).data?.sources.find((each) => each.name === name);
  const dialect = textAt(definition, "dialect");
  const system = systemOf(dialect);
  return (
    <>
      <PageHead
        title={name}
        beside={<SourceStanding enabled={definition.enabled !== false} health={health} />}
        about={words.sources.dialectAbouts[dialect] ?? dialect}
        actions={<Actions project={project} name={name} />}
      />
      <Section
        title={words.sources.sections.addresses}
        actions={<Rotate project={project} name={name} />}
      >
        <Addresses project={project} source={name} definition={definition} />
        {system !== null && (
          <p className={styles.howTo}>
            <Link
              to="/projects/$project/first-steps/$system"
              params={{ project, system }}
              search={{ source: name }}
            >
              {words.sources.howTo}
            </Link>
          </p>
        )}
      </Section>
      <Standing project={project} name={name} definition={definition} health={health} />
      <Becomes project={project} name={name} />
      <Setting definition={definition} />
    </>
  );
}

function Actions({ project, name }: { project: string; name: string }) {
  const words = useWords();
  const may = useMay(project, "editor");
  if (!may) {
    return null;
  }
  return (
    <>
      <Button
        variant="default"
        renderRoot={(props) => (
          <Link
            {...props}
            to="/projects/$project/sources/$source/change"
            params={{ project, source: name }}
          />
        )}
      >
        {words.definitions.change}
      </Button>
      <RemoveButton
        project={project}
        noun="sources"
        name={name}
        about={words.sources.removeAbout}
      />
    </>
  );
}

function Rotate({ project, name }: { project: string; name: string }) {
  const words = useWords().sources;
  const may = useMay(project, "editor");
  const confirm = useConfirm();
  const toast = useToast();
  const client = useQueryClient();
  const rotating = useMutation({
    // Nothing but the secret changes: the rest is what is saved at this moment, by whomever.
    mutationFn: async () => {
      const now = await client.fetchQuery({
        ...definedQuery(project, "sources", name),
        staleTime: 0,
      });
      const definition = { ...now.definition, secret: newInboxSecret() };
      await save(project, "sources", name, definition, expecting(now));
    },
    onSuccess: () => {
      toast({ text: words.rotated });
      return client.invalidateQueries({ queryKey: definitionsKey(project) });
    },
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  if (!may) {
    return null;
  }
  const ask = async () => {
    const sure = await confirm({
      title: words.rotateAsk(name),
      text: words.rotateAbout,
      action: words.rotate,
      loses: true,
    });
    if (sure) {
      rotating.mutate();
    }
  };
  return (
    <Button
      size="compact-sm"
      variant="default"
      loading={rotating.isPending}
      onClick={() => void ask()}
    >
      {words.rotate}
    </Button>
  );
}

function Standing({
  project,
  name,
  definition,
  health,
}: OfSource & { health: SourceHealth | undefined }) {
  const words = useWords();
  const quarantined = useQuery(quarantinedQuery(project, name)).data;
  const facts: [string, ReactNode][] = [
    [
      words.sources.facts.last,
      health?.last_received_at ? (
        <Time key="last" at={health.last_received_at} />
      ) : (
        words.sources.never
      ),
    ],
    [words.sources.facts.today, <Count key="today" value={health?.today ?? 0} />],
    [
      words.sources.facts.expected,
      textAt(definition, "expect_every") || words.sources.facts.notExpected,
    ],
  ];
  if (quarantined !== undefined) {
    facts.push([
      words.sources.facts.quarantined,
      quarantined.count === 0 ? (
        <Count key="none" value={0} />
      ) : (
        <PlaceLink
          key="some"
          project={project}
          place="messages"
          filters={{ source: name, state: "quarantined" }}
        >
          <Count value={quarantined.count} />
          {quarantined.more && "+"}
        </PlaceLink>
      ),
    ]);
  }
  return (
    <Section
      title={words.sources.sections.standing}
      actions={
        <PlaceLink project={project} place="messages" filters={{ source: name }}>
          {words.messages.title}
        </PlaceLink>
      }
    >
      <Facts facts={facts} />
    </Section>
  );
}

function Becomes({ project, name }: { project: string; name: string }) {
  const words = useWords().sources;
  const may = useMay(project, "editor");
  const forwarders = useQuery(forwardersQuery(project)).data?.filter(
    (each) => each.from === null || each.from === name,
  );
  if (forwarders === undefined) {
    return null;
  }
  return (
    <Section
      title={words.sections.forwarders}
      actions={
        may && (
          <Button
            size="compact-sm"
            variant="default"
            renderRoot={(props) => (
              <Link
                {...props}
                to="/projects/$project/new/forwarder"
                params={{ project }}
                search={{ from: name }}
              />
            )}
          >
            {words.makeForwarder}
          </Button>
        )
      }
    >
      {forwarders.length === 0 && <p className={styles.quiet}>{words.noForwarders}</p>}
      <ul className={styles.forwarders}>
        {forwarders.map((forwarder) => (
          <li key={forwarder.name}>
            <PlaceLink project={project} place="forwarders" name={forwarder.name}>
              {forwarder.name}
            </PlaceLink>
            <span>
              <span aria-hidden="true">→ </span>
              <PlaceLink project={project} place="connections" name={forwarder.to}>
                {forwarder.to}
              </PlaceLink>
            </span>
            {forwarder.from === null && <span className={styles.quiet}>{words.fromAll}</span>}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Setting({ definition }: { definition: Definition }) {
  const words = useWords().sources;
  const { dedupe, auth } = definition;
  const window = isDefinition(dedupe) ? textAt(dedupe, "content") : "";
  const how = isDefinition(dedupe) ? "content" : dedupe === "none" ? "none" : "identity";
  const accepts =
    textAt(definition, "on_bad_body") === "accept" ||
    (definition.on_bad_body === undefined && definition.dialect === "odk-aggregate");
  const proofs = (Array.isArray(auth) ? auth : []).map((each) =>
    isDefinition(each) && each.basic !== undefined ? words.form.basic : words.form.apiKey,
  );
  const fetches = textAt(definition, "fetch_files");
  const fetched: [string, string] = [words.form.fetch, words.form.fetchBy(fetches)];
  return (
    <Section title={words.sections.setting}>
      <Facts
        facts={[
          [words.facts.dedupe, `${words.form.dedupes[how]} ${window}`.trim()],
          [words.facts.badBody, words.form.badBodies[accepts ? "accept" : "refuse"]],
          [words.facts.authentication, proofs.join(", ") || words.facts.nobodyAsked],
          ...(fetches === "" ? [] : [fetched]),
        ]}
      />
    </Section>
  );
}
