// What can be pressed about what is wrong. Who may not do it sees no button for it.
import { Button } from "@mantine/core";
import { useMay } from "../../api/useMay";
import { useDeed } from "../../definitions/DefinitionActions";
import { useProjectPause } from "../../definitions/projectPause";
import { PlaceLink } from "../../design/PlaceLink";
import { useWords } from "../../i18n/words";
import styles from "./Headline.module.css";
import type { Trouble, TroubledDestination } from "./trouble";

interface DestinationDeedsProps {
  project: string;
  trouble: TroubledDestination;
}

export function DestinationDeeds({ project, trouble }: DestinationDeedsProps) {
  const words = useWords().overview;
  const may = useMay(project, "editor");
  const { name, standing, taken } = trouble;
  const { act, doing } = useDeed(project, "connections", name);
  if (standing === "paused_in_trouble") {
    return (
      <span className={styles.deeds}>
        <ResumeConnection project={project} connection={name} />
        <SeeWhy project={project} trouble={trouble} />
      </span>
    );
  }
  return (
    <span className={styles.deeds}>
      {/* What takes everything again needs no push: its incident ends by itself. */}
      {may && taken !== "again" && (
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
  const may = useMay(project, "editor");
  const { resume, isTurning } = useProjectPause(project);
  return may ? (
    <Button loading={isTurning} onClick={resume}>
      {words.resumeProject}
    </Button>
  ) : null;
}
