// The projects that the reader may see.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { projectsQuery } from "../../api/projects";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import styles from "./ProjectsPage.module.css";

export function ProjectsPage() {
  const words = useWords();
  const { data, error, refetch } = useQuery(projectsQuery);
  return (
    <>
      <PageHead title={words.shell.projectsPage.title} />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {data?.length === 0 && <EmptyState>{words.shell.projectsPage.empty}</EmptyState>}
      <ul className={styles.projects}>
        {data?.map((project) => (
          <li key={project.name}>
            <Link
              to="/projects/$project"
              params={{ project: project.name }}
              className={styles.project}
            >
              <span className={styles.title}>{project.title || project.name}</span>
              <code className={styles.name}>{project.name}</code>
              <span className={styles.state}>
                {project.paused && (
                  <StateMark tone="waiting">{words.shell.projectsPage.paused}</StateMark>
                )}
              </span>
              <span className={styles.since}>
                {words.shell.projectsPage.since} <Time at={project.created_at} shown="clock" />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
