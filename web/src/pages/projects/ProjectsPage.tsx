// The projects that the reader may see, each with how it is in a line.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { projectsQuery } from "../../api/projects";
import { sessionQuery } from "../../api/session";
import type { Overview, Project } from "../../api/types";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { StateMark, type Tone } from "../../design/StateMark";
import { useFormat, useWords, type Words } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { overviewQuery } from "../overview/queries";
import { troublesOf } from "../overview/trouble";
import { CreateProject } from "./CreateProject";
import styles from "./ProjectsPage.module.css";

const FRESH_MILLISECONDS = 60_000;

export function ProjectsPage() {
  const words = useWords();
  const { data, error, refetch } = useQuery(projectsQuery);
  const mayCreate = useQuery(sessionQuery).data?.installation_admin === true;
  return (
    <>
      <PageHead title={words.projects.title} actions={mayCreate && <CreateProject />} />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {data?.length === 0 && <EmptyState>{words.projects.empty}</EmptyState>}
      <ul className={styles.projects}>
        {data?.map((project) => (
          <li key={project.name}>
            <ProjectRow project={project} />
          </li>
        ))}
      </ul>
    </>
  );
}

function ProjectRow({ project }: { project: Project }) {
  const words = useWords().projects;
  const format = useFormat();
  // Each project is a question of its own: it is asked when somebody comes, and not again and again.
  const look = useQuery({
    ...overviewQuery(project.name),
    refetchInterval: false,
    staleTime: FRESH_MILLISECONDS,
  }).data;
  const state = stateOf(project, look, words);
  return (
    <Link to="/projects/$project" params={{ project: project.name }} className={styles.project}>
      <span className={styles.title}>{project.title || project.name}</span>
      <code className={styles.name}>{project.name}</code>
      <span className={styles.state}>
        {state !== null && <StateMark tone={state.tone}>{state.text}</StateMark>}
      </span>
      <span className={styles.today}>
        {look !== undefined && look.sources.length > 0 && (
          <>
            {words.today(format.number(look.received.today), format.number(look.delivered.today))}
            {look.waiting > 0 && ` · ${words.waiting(look.waiting)}`}
          </>
        )}
      </span>
    </Link>
  );
}

interface ProjectState {
  tone: Tone;
  text: string;
}

function stateOf(
  project: Project,
  look: Overview | undefined,
  words: Words["projects"],
): ProjectState | null {
  if (project.paused) {
    return { tone: "waiting", text: words.paused };
  }
  if (look === undefined) {
    return null;
  }
  const [first, ...others] = troublesOf(look, []);
  if (first !== undefined) {
    const text =
      others.length === 0 ? words.inTrouble(first.name) : words.troubles(others.length + 1);
    return { tone: "bad", text };
  }
  if (look.sources.length === 0 && look.connections.length === 0) {
    return { tone: "quiet", text: words.nothingSetUp };
  }
  const untouched = look.sources.every((source) => source.state === "never");
  return untouched ? { tone: "quiet", text: words.nothingYet } : { tone: "well", text: words.well };
}
