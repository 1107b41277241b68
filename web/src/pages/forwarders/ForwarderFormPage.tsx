// Making a forwarder, and changing one.

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import { DefinitionForm, type OfForm } from "../../definitions/DefinitionForm";
import { type Definition, Exact } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { allReadable, jsonMistake } from "../../definitions/JsonAt";
import { connectionsQuery, sourcesQuery, withoutPause } from "../../definitions/queries";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { parseJson, prettyJson } from "../../payload/json";
import { broughtBy, eventOf, fitting } from "./events";
import { FORWARDER_FIELDS, ForwarderFields } from "./ForwarderFields";
import type { NewForwarderSearch } from "./routes";
import { WillHappen } from "./WillHappen";

/** The viewer of payloads comes with it: the fields are there before. */
const Preview = lazy(() => import("./Preview").then(({ Preview }) => ({ default: Preview })));

const TryFilter = lazy(() =>
  import("./TryFilter").then(({ TryFilter }) => ({ default: TryFilter })),
);

const newRoute = getRouteApi("/inside/projects/$project/new/forwarder");
const changeRoute = getRouteApi("/inside/projects/$project/forwarders/$forwarder/change");

/** What an address says about the new forwarder. A filter that is no JSON is shown as it is. */
function begun({ from, to, match, unless }: NewForwarderSearch): Definition {
  const filter = (text: string) =>
    new Exact(jsonMistake(text) === null ? prettyJson(parseJson(text)) : text);
  return {
    ...(from === undefined ? {} : { from }),
    ...(match === undefined ? {} : { match: filter(match) }),
    ...(unless === undefined ? {} : { unless: filter(unless) }),
    ...(to === undefined ? {} : { to }),
  };
}

export function NewForwarderPage() {
  const words = useWords();
  const { project } = newRoute.useParams();
  const search = newRoute.useSearch();
  const initial = useMemo(() => begun(search), [search]);
  const first =
    search.from !== undefined && search.to !== undefined
      ? `${search.from}-${search.to}`.slice(0, 64)
      : "";
  return (
    <Allowed project={project} noun="forwarders" title={words.forwarders.make}>
      <ForwarderForm project={project} name={null} defined={null} initial={initial} first={first} />
    </Allowed>
  );
}

export function ChangeForwarderPage() {
  const words = useWords();
  const { project, forwarder } = changeRoute.useParams();
  return (
    <ChangePage
      project={project}
      noun="forwarders"
      name={forwarder}
      title={words.forwarders.changeTitle(forwarder)}
    >
      {(defined, meanwhile) => (
        <ForwarderForm
          project={project}
          name={forwarder}
          defined={defined}
          meanwhile={meanwhile}
          initial={withoutPause(defined.definition)}
        />
      )}
    </ChangePage>
  );
}

interface ForwarderFormProps extends OfForm {
  initial: Definition;
  /** A name to begin with. */
  first?: string;
}

function ForwarderForm({ first, ...props }: ForwarderFormProps) {
  const all = useWords();
  const words = all.forwarders;
  const { project } = props;
  const sources = useQuery(sourcesQuery(project)).data ?? [];
  const connections = useQuery(connectionsQuery(project)).data ?? [];
  return (
    <DefinitionForm
      {...props}
      noun="forwarders"
      firstName={first}
      fields={FORWARDER_FIELDS}
      makeWord={words.make}
      written={fitting}
      isReadable={(definition) => allReadable(Object.values(definition))}
      aside={({ definition }) => (
        <>
          <Section title={all.forwarding.willHappen}>
            <WillHappen definition={definition} destinations={connections} />
          </Section>
          <Section title={all.forwarding.preview.title}>
            <Suspense fallback={null}>
              <Preview project={project} definition={definition} />
            </Suspense>
          </Section>
          {broughtBy(eventOf(definition)) !== "application" && (
            <Section title={words.trial.title}>
              <Suspense fallback={null}>
                <TryFilter project={project} />
              </Suspense>
            </Section>
          )}
        </>
      )}
    >
      {(nameField) => (
        <div className={own.fields}>
          <ForwarderFields
            nameField={nameField}
            project={project}
            sources={sources.map((each) => each.name)}
            destinations={connections}
          />
        </div>
      )}
    </DefinitionForm>
  );
}
