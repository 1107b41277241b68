// The rail of navigation: at the left, or at the foot of a phone.
import { Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { sessionQuery } from "../api/session";
import { useWords } from "../i18n/words";
import { INSTALLATION_PAGES, pagesFor, type RailEntry } from "./navigation";
import styles from "./Shell.module.css";

/** So many entries fit at the foot of a phone, beside "More". */
const IN_THE_BAR = 4;

export function Rail({ project }: { project: string | null }) {
  const words = useWords().shell;
  const session = useQuery(sessionQuery).data;
  const ofProject = project === null ? [] : pagesFor(session, project);
  const ofInstallation = session?.installation_admin === true ? INSTALLATION_PAGES : [];
  const entries = [...ofProject, ...ofInstallation];
  const later = entries.slice(IN_THE_BAR);
  return (
    <nav
      className={styles.rail}
      aria-label={words.navigation}
      data-empty={entries.length === 0 || undefined}
    >
      {ofProject.map((entry, index) => (
        <Entry key={entry.word} entry={entry} project={project} later={index >= IN_THE_BAR} />
      ))}
      {ofInstallation.length > 0 && <div className={styles.group}>{words.installation}</div>}
      {ofInstallation.map((entry, index) => (
        <Entry
          key={entry.word}
          entry={entry}
          project={project}
          later={ofProject.length + index >= IN_THE_BAR}
        />
      ))}
      {later.length > 0 && (
        <Menu position="top-end">
          <Menu.Target>
            <button type="button" className={`${styles.entry} ${styles.more}`}>
              <Ellipsis size={18} aria-hidden="true" />
              <span>{words.more}</span>
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {later.map((entry) => (
              <Menu.Item
                key={entry.word}
                leftSection={<entry.icon size={16} aria-hidden="true" />}
                renderRoot={(props) => (
                  <Link {...props} to={entry.to} params={{ project: project ?? "" }} />
                )}
              >
                {words.pages[entry.word]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </nav>
  );
}

interface EntryProps {
  entry: RailEntry;
  project: string | null;
  /** Behind "More" on a phone. */
  later: boolean;
}

function Entry({ entry, project, later }: EntryProps) {
  const words = useWords().shell;
  return (
    <Link
      to={entry.to}
      params={{ project: project ?? "" }}
      className={later ? `${styles.entry} ${styles.later}` : styles.entry}
      activeOptions={{ exact: entry.word === "overview", includeSearch: false }}
    >
      <entry.icon size={18} strokeWidth={1.75} aria-hidden="true" />
      <span>{words.pages[entry.word]}</span>
      {entry.badge !== undefined && project !== null && <entry.badge project={project} />}
    </Link>
  );
}
