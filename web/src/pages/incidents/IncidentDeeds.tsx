// What can be pressed about an incident, for those who may.
import { Button } from "@mantine/core";
import {
  type UseMutationResult,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { IncidentWithNotices, Lane } from "../../api/types";
import { useMay } from "../../api/useMay";
import { useDeed } from "../../definitions/DefinitionActions";
import { connectionsQuery, testConnection } from "../../definitions/queries";
import { useConfirm } from "../../design/Confirm";
import { ErrorNote } from "../../design/ErrorNote";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { TestOutcome } from "../connections/TestPanel";
import styles from "./incidents.module.css";
import { closeIncident, incidentQuery } from "./queries";

interface IncidentDeedsProps {
  project: string;
  incident: IncidentWithNotices;
  lane: Lane | null;
}

export function IncidentDeeds({ project, incident, lane }: IncidentDeedsProps) {
  const words = useWords().incidents;
  const mayAct = useMay(project, "editor");
  const mayTest = useMay(project, "admin");
  const client = useQueryClient();
  const testing = useMutation({
    mutationFn: () => testConnection(project, incident.subject, null),
    // A test that goes well may end the incident.
    onSuccess: () =>
      client.invalidateQueries({ queryKey: incidentQuery(project, incident.id).queryKey }),
  });
  const { kind, subject, state, given_up, last } = incident;
  const isOpen = state === "open";
  const isConnection = kind === "connection";
  return (
    <>
      <div className={styles.deeds}>
        {isOpen && isConnection && mayAct && (
          <TryAndPause project={project} connection={subject} lane={lane} />
        )}
        {isOpen && isConnection && mayTest && <TestButton testing={testing} />}
        {isConnection && (
          <>
            {isOpen && <SeeDeliveries project={project} connection={subject} state="failed" />}
            {given_up > 0 && (
              <SeeDeliveries project={project} connection={subject} state="broken" />
            )}
          </>
        )}
        {kind === "silence" && (
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link
                {...props}
                to="/projects/$project/messages"
                params={{ project }}
                search={{ source: subject }}
              />
            )}
          >
            {words.seeMessages}
          </Button>
        )}
        {kind === "call" && last?.submission != null && (
          <SeeSubmission project={project} submission={last.submission} />
        )}
        {isOpen && mayAct && <Close project={project} incident={incident.id} />}
      </div>
      {testing.error !== null && <ErrorNote error={testing.error} />}
      {testing.data !== undefined && <TestOutcome result={testing.data} />}
    </>
  );
}

function TestButton({ testing }: { testing: UseMutationResult<unknown, Error, void> }) {
  const words = useWords().incidents;
  return (
    <Button variant="default" loading={testing.isPending} onClick={() => testing.mutate()}>
      {words.test}
    </Button>
  );
}

interface TryAndPauseProps {
  project: string;
  connection: string;
  lane: Lane | null;
}

function TryAndPause({ project, connection, lane }: TryAndPauseProps) {
  const words = useWords().incidents;
  const isPaused =
    useQuery(connectionsQuery(project)).data?.find(({ name }) => name === connection)?.paused ??
    false;
  const { act, doing } = useDeed(project, "connections", connection);
  if (isPaused) {
    return (
      <Button loading={doing("resume")} onClick={() => act("resume")}>
        {words.resume}
      </Button>
    );
  }
  return (
    <>
      {lane !== null && lane.waiting > 0 && (
        <Button loading={doing("try-now")} onClick={() => act("try-now")}>
          {words.tryNow}
        </Button>
      )}
      <Button variant="default" loading={doing("pause")} onClick={() => act("pause")}>
        {words.pause}
      </Button>
    </>
  );
}

interface SeeDeliveriesProps {
  project: string;
  connection: string;
  state: "failed" | "broken";
}

function SeeDeliveries({ project, connection, state }: SeeDeliveriesProps) {
  const words = useWords().incidents;
  return (
    <Button
      variant="default"
      renderRoot={(props) => (
        <Link
          {...props}
          to="/projects/$project/deliveries"
          params={{ project }}
          search={{ connection, state }}
        />
      )}
    >
      {state === "failed" ? words.seeWaiting : words.seeGivenUp}
    </Button>
  );
}

/** To where the submission stands in its lifecycle: there it can be led on. */
function SeeSubmission({ project, submission }: { project: string; submission: string }) {
  const words = useWords().incidents;
  return (
    <Button
      variant="default"
      renderRoot={(props) => (
        <Link
          {...props}
          to="/projects/$project/submissions/$submission"
          params={{ project, submission }}
          search={{ tab: "lifecycle" }}
        />
      )}
    >
      {words.seeSubmission}
    </Button>
  );
}

function Close({ project, incident }: { project: string; incident: string }) {
  const words = useWords().incidents;
  const confirm = useConfirm();
  const toast = useToast();
  const client = useQueryClient();
  const closing = useMutation({
    mutationFn: () => closeIncident(project, incident),
    onSuccess: () => {
      toast({ text: words.closed });
      return client.invalidateQueries({ queryKey: incidentQuery(project, incident).queryKey });
    },
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  const ask = async () => {
    const question = { title: words.closeAsk, text: words.closeAbout, action: words.close };
    if (await confirm(question)) {
      closing.mutate();
    }
  };
  return (
    <Button variant="default" loading={closing.isPending} onClick={() => void ask()}>
      {words.close}
    </Button>
  );
}
