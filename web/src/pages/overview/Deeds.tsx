// What can be pressed about what is wrong. Who may not do it sees no button for it.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { projectsQuery } from "../../api/projects";
import { useMay } from "../../api/useMay";
import { ErrorNote } from "../../design/ErrorNote";
import { PlaceLink } from "../../design/PlaceLink";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import styles from "./Headline.module.css";
import { OVERVIEW_KEY, pause, resume, resumeProject, tryNow } from "./queries";
import type { Trouble, TroubledDestination } from "./trouble";

/** Does something, tells of it, and looks at the project again. */
function useDeed(project: string, deed: () => Promise<unknown>, told: string, undo?: () => void) {
  const client = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: deed,
    onSuccess: () => toast({ text: told, undo }),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
    onSettled: () => client.invalidateQueries({ queryKey: [OVERVIEW_KEY, project] }),
  });
}

interface DestinationDeedsProps {
  project: string;
  trouble: TroubledDestination;
}

export function DestinationDeeds({ project, trouble }: DestinationDeedsProps) {
  const words = useWords().overview;
  const may = useMay(project, "editor");
  const { name } = trouble;
  const resuming = useDeed(project, () => resume(project, name), words.resumed(name));
  const pausing = useDeed(
    project,
    () => pause(project, name),
    words.paused(name),
    () => resuming.mutate(),
  );
  const trying = useDeed(project, () => tryNow(project, name), words.triedNow(name));
  return (
    <span className={styles.deeds}>
      {may && (
        <>
          <Button
            size="compact-sm"
            aria-label={words.about(words.tryNow, name)}
            loading={trying.isPending}
            onClick={() => trying.mutate()}
          >
            {words.tryNow}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={words.about(words.pause, name)}
            loading={pausing.isPending}
            onClick={() => pausing.mutate()}
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
  const resuming = useDeed(project, () => resume(project, connection), words.resumed(connection));
  return may ? (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={words.about(words.resume, connection)}
      loading={resuming.isPending}
      onClick={() => resuming.mutate()}
    >
      {words.resume}
    </Button>
  ) : null;
}

export function ResumeProject({ project }: { project: string }) {
  const words = useWords().overview;
  const client = useQueryClient();
  const may = useMay(project, "editor");
  const deed = () => resumeProject(project).then(() => client.invalidateQueries(projectsQuery));
  const resuming = useDeed(project, deed, words.projectResumed);
  return may ? (
    <Button loading={resuming.isPending} onClick={() => resuming.mutate()}>
      {words.resumeProject}
    </Button>
  ) : null;
}
