// What can be pressed about what is wrong. Who may not do it sees no button for it.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { projectsQuery } from "../../api/projects";
import { useMay } from "../../api/useMay";
import { useDeed } from "../../definitions/DefinitionActions";
import { definitionsKey } from "../../definitions/queries";
import { ErrorNote } from "../../design/ErrorNote";
import { PlaceLink } from "../../design/PlaceLink";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import styles from "./Headline.module.css";
import { OVERVIEW_KEY, resumeProject } from "./queries";
import type { Trouble, TroubledDestination } from "./trouble";

interface DestinationDeedsProps {
  project: string;
  trouble: TroubledDestination;
}

export function DestinationDeeds({ project, trouble }: DestinationDeedsProps) {
  const words = useWords().overview;
  const may = useMay(project, "editor");
  const { name } = trouble;
  const { act, doing } = useDeed(project, "connections", name);
  return (
    <span className={styles.deeds}>
      {may && (
        <>
          <Button
            size="compact-sm"
            aria-label={words.about(words.tryNow, name)}
            loading={doing("try-now")}
            onClick={() => act("try-now")}
          >
            {words.tryNow}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={words.about(words.pause, name)}
            loading={doing("pause")}
            onClick={() => act("pause")}
          >
            {words.pause}
          </Button>
        </>
      )}
      <SeeWhy project={project} trouble={trouble} />
    </span>
  );
}

/** Leads to the incident, or to what is in trouble where none was opened yet. */
export function SeeWhy({ project, trouble }: { project: string; trouble: Trouble }) {
  const words = useWords().overview;
  const { incident } = trouble.health;
  const [place, name] =
    incident !== null
      ? (["incidents", incident] as const)
      : ([trouble.kind === "source" ? "sources" : "connections", trouble.name] as const);
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={words.about(words.seeWhy, trouble.name)}
      renderRoot={(props) => <PlaceLink {...props} project={project} place={place} name={name} />}
    >
      {words.seeWhy}
    </Button>
  );
}

export function ResumeConnection({ project, connection }: { project: string; connection: string }) {
  const words = useWords().overview;
  const may = useMay(project, "editor");
  const { act, doing } = useDeed(project, "connections", connection);
  return may ? (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={words.about(words.resume, connection)}
      loading={doing("resume")}
      onClick={() => act("resume")}
    >
      {words.resume}
    </Button>
  ) : null;
}

export function ResumeProject({ project }: { project: string }) {
  const words = useWords().overview;
  const client = useQueryClient();
  const may = useMay(project, "editor");
  const toast = useToast();
  const resuming = useMutation({
    mutationFn: () => resumeProject(project),
    onSuccess: () => toast({ text: words.projectResumed }),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
    onSettled: () =>
      Promise.all(
        [projectsQuery.queryKey, definitionsKey(project), [OVERVIEW_KEY, project]].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      ),
  });
  return may ? (
    <Button loading={resuming.isPending} onClick={() => resuming.mutate()}>
      {words.resumeProject}
    </Button>
  ) : null;
}
