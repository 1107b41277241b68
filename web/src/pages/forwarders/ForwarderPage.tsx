// One forwarder: what it wants, where it sends it, what has not arrived, and when it tries again.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../api/useMay";
import { PauseButton, RemoveButton } from "../../definitions/DefinitionActions";
import { type Definition, textAt } from "../../definitions/definition";
import { useLiveDefinitions } from "../../definitions/live";
import { PauseNote } from "../../definitions/PauseNote";
import {
  connectionsQuery,
  definedQuery,
  type Forwarder,
  forwardersQuery,
} from "../../definitions/queries";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { LoadedPage } from "../../lists/Loaded";
import { ForwarderSetting } from "./ForwarderSetting";
import styles from "./forwarders.module.css";
import { RetryPlan } from "./RetryPlan";
import { policyOf } from "./retryPlan";
import { StateCounts } from "./StateCounts";
import { ForwarderState } from "./standing";
import { WillHappen } from "./WillHappen";

const route = getRouteApi("/inside/projects/$project/forwarders/$forwarder");

export function ForwarderPage() {
  const { project, forwarder: name } = route.useParams();
  const defined = useQuery(definedQuery(project, "forwarders", name));
  const forwarder = useQuery(forwardersQuery(project)).data?.find((each) => each.name === name);
  useLiveDefinitions(project);
  const data = defined.data && forwarder && { forwarder, definition: defined.data.definition };
  return (
    <LoadedPage query={{ ...defined, data }} title={name}>
      {(shown) => <Shown project={project} {...shown} />}
    </LoadedPage>
  );
}

interface ShownProps {
  project: string;
  forwarder: Forwarder;
  definition: Definition;
}

function Shown({ project, forwarder, definition }: ShownProps) {
  const words = useWords().forwarders;
  const { name, from, to } = forwarder;
  const policy = policyOf((key) => textAt(definition, `retry.${key}`));
  const destinations = useQuery(connectionsQuery(project)).data ?? [];
  return (
    <>
      <PageHead
        title={name}
        beside={<ForwarderState forwarder={forwarder} />}
        actions={<Actions project={project} forwarder={forwarder} />}
      />
      <PauseNote pause={forwarder.pause} />
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
      <div className={styles.will}>
        <WillHappen definition={definition} destinations={destinations} />
      </div>
      <Section title={words.sections.deliveries}>
        <StateCounts project={project} forwarder={forwarder} />
      </Section>
      <ForwarderSetting definition={definition} />
      <Section title={words.sections.retry}>
        {policy !== null && <RetryPlan policy={policy} />}
      </Section>
    </>
  );
}

function Actions({ project, forwarder }: Pick<ShownProps, "project" | "forwarder">) {
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
