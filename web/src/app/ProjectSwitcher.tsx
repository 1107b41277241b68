// From one project to another.
import { Button, Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronDown } from "lucide-react";
import { projectsQuery } from "../api/projects";
import { useWords } from "../i18n/words";
import styles from "./ProjectSwitcher.module.css";

export function ProjectSwitcher({ project }: { project: string | null }) {
  const words = useWords().shell;
  const projects = useQuery(projectsQuery).data ?? [];
  const current = projects.find((each) => each.name === project);
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          rightSection={<ChevronDown size={14} />}
          className={styles.button}
        >
          <span className={styles.name}>{current?.title || project || words.projects}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {projects.map((each) => (
          <Menu.Item
            key={each.name}
            renderRoot={(props) => (
              <Link {...props} to="/projects/$project" params={{ project: each.name }} />
            )}
          >
            {each.title || each.name}
          </Menu.Item>
        ))}
        {projects.length > 0 && <Menu.Divider />}
        <Menu.Item renderRoot={(props) => <Link {...props} to="/projects" />}>
          {words.allProjects}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
