// One connection: how it is doing, what waits for it, what sends here, how it is set, and trying it.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../api/useMay";
import { PauseButton, RemoveButton, useDeed } from "../../definitions/DefinitionActions";
import { useLiveDefinitions } from "../../definitions/live";
import { PauseNote } from "../../definitions/PauseNote";
import {
  type ConnectionHealth,
  type Defined,
  definedQuery,
  forwardersQuery,
  healthQuery,
  type Lane,
  lanesQuery,
} from "../../definitions/queries";
import { WarningText } from "../../definitions/WarningText";
import { warningTold } from "../../definitions/warnings";
import { Count } from "../../design/Count";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { Facts, Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import { LoadedPage } from "../../lists/Loaded";
import { StateCounts } from "../forwarders/StateCounts";
import { ConnectionSetting } from "./ConnectionSetting";
import styles from "./connections.module.css";
import { ConnectionStanding } from "./standing";
import { TestPanel } from "./TestPanel";
import { Trouble } from "./Trouble";

const route = getRouteApi("/inside/projects/$project/connections/$connection");

export function ConnectionPage() {
  const { project, connection: name } = route.useParams();
  const query = useQuery(definedQuery(project, "connections", name));
  const health = useQuery(healthQuery(project)).data?.connections.find(
    (each) => each.name === name,
  );
  const lane = useQuery(lanesQuery(project)).data?.find((each) => each.connection === name);
  useLiveDefinitions(project);
  return (
    <LoadedPage query={query} title={name}>
      {(data) => <Shown project={project} connection={data} health={health} lane={lane} />}
    </LoadedPage>
  );
}

interface ShownProps {
  project: string;
  connection: Defined;
  health: ConnectionHealth | undefined;
  lane: Lane | undefined;
}

function Shown({ project, connection, health, lane }: ShownProps) {
  const { connections: words, definitions } = useWords();
  const mayChange = useMay(project, "admin");
  const { name, definition, warnings } = connection;
  return (
    <>
      <PageHead
        title={name}
        beside={<ConnectionStanding connection={connection} health={health} />}
        about={<code>{String(definition.url ?? "")}</code>}
        actions={<Actions project={project} connection={connection} lane={lane} health={health} />}
      />
      {lane?.paused_by === "project" && <PauseNote pause={lane.pause} ofProject />}
      <PauseNote pause={connection.pause} />
      <Trouble connection={connection} health={health} />
      {warnings.length > 0 && (
        <Section title={words.sections.warnings}>
          <ul className={styles.warnings}>
            {warnings.map((warning) => (
              <li key={`${warning.path} ${warning.code}`} className={styles.warning}>
                <WarningText told={warningTold(warning, definitions)} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Standing connection={connection} health={health} lane={lane} />
      <NotArrived project={project} name={name} />
      <ConnectionSetting connection={connection} />
      {mayChange && (
        <Section title={words.sections.test}>
          <TestPanel project={project} name={name} definition={null} />
        </Section>
      )}
    </>
  );
}

function Actions({ project, connection, lane, health }: ShownProps) {
  const words = useWords();
  const mayAct = useMay(project, "editor");
  const mayChange = useMay(project, "admin");
  const { name, paused } = connection;
  const { act, doing } = useDeed(project, "connections", name);
  const alone =
    lane?.state === "left-alone" || (health?.state === "in_trouble" && health.waiting > 0);
  return (
    <>
      {mayAct && alone && !paused && (
        <Button loading={doing("try-now")} onClick={() => act("try-now")}>
          {words.connections.tryNow}
        </Button>
      )}
      {mayAct && <PauseButton project={project} noun="connections" name={name} paused={paused} />}
      {mayChange && (
        <>
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link
                {...props}
                to="/projects/$project/connections/$connection/change"
                params={{ project, connection: name }}
              />
            )}
          >
            {words.definitions.change}
          </Button>
          <RemoveButton
            project={project}
            noun="connections"
            name={name}
            about={words.connections.removeAbout}
          />
        </>
      )}
    </>
  );
}

function Standing({ connection, health, lane }: Omit<ShownProps, "project">) {
  const words = useWords().connections;
  const format = useFormat();
  const facts: [string, React.ReactNode][] = [];
  if (lane !== undefined) {
    const state = lane.cause === "asked" ? "asked" : lane.state;
    const told = words.lanes[state as keyof typeof words.lanes] ?? lane.state;
    facts.push([
      words.facts.lane,
      <span key="lane">
        {told}
        {lane.again_at !== null && (
          <>
            {" · "}
            {words.nextTry} <Time at={lane.again_at} />
          </>
        )}
      </span>,
    ]);
  } else {
    facts.push([words.facts.state, words.states[connection.paused ? "paused" : "idle"]]);
  }
  if (health !== undefined) {
    facts.push([
      words.facts.lastDelivered,
      health.last_delivered_at === null ? (
        words.never
      ) : (
        <Time key="last" at={health.last_delivered_at} />
      ),
    ]);
    facts.push([words.facts.today, <Count key="today" value={health.today} />]);
    const { waiting, waiting_is_more: isMore } = health;
    facts.push([
      words.facts.waiting,
      isMore ? words.waitingMore(format.number(waiting)) : <Count key="waiting" value={waiting} />,
    ]);
    if (health.oldest_waiting_since !== null) {
      facts.push([words.facts.oldest, <Time key="oldest" at={health.oldest_waiting_since} />]);
    }
    if (health.next_try_at !== null) {
      facts.push([words.facts.nextTry, <Time key="next" at={health.next_try_at} />]);
    }
  }
  if (lane !== undefined) {
    const counts: [string, number][] = [
      [words.facts.underWay, lane.under_way],
      [words.facts.behind, lane.waiting_behind],
      [words.facts.parked, lane.parked],
    ];
    for (const [name, value] of counts) {
      if (value > 0) {
        facts.push([name, <Count key={name} value={value} />]);
      }
    }
  }
  return (
    <Section title={words.sections.standing}>
      <Facts facts={facts} />
    </Section>
  );
}

/** What sends here, with what of it has not arrived. */
function NotArrived({ project, name }: { project: string; name: string }) {
  const words = useWords();
  const may = useMay(project, "editor");
  const forwarders = useQuery(forwardersQuery(project)).data?.filter((each) => each.to === name);
  if (forwarders === undefined) {
    return null;
  }
  return (
    <Section
      title={words.connections.sections.forwarders}
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
                search={{ to: name }}
              />
            )}
          >
            {words.connections.makeForwarder}
          </Button>
        )
      }
    >
      {forwarders.length === 0 && <p className={styles.hint}>{words.connections.noForwarders}</p>}
      <ul className={styles.plain}>
        {forwarders.map((forwarder) => (
          <li key={forwarder.name}>
            <PlaceLink project={project} place="forwarders" name={forwarder.name}>
              {forwarder.name}
            </PlaceLink>
            {forwarder.paused && (
              <StateMark tone="waiting">{words.connections.states.paused}</StateMark>
            )}
            <StateCounts project={project} forwarder={forwarder} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
