// What stands around every page: the head, the rail, and the one column of content.

import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import { LiveProvider } from "../api/events";
import { sessionQuery } from "../api/session";
import { meansSignedOut, sessionHasEnded, useSessionEnded } from "../api/sessionEnd";
import { KeyboardHelp } from "../design/KeyboardHelp";
import { useWords } from "../i18n/words";
import { AccountMenu } from "./AccountMenu";
import { CommandPalette, SearchButton } from "./CommandPalette";
import { LiveMark } from "./LiveMark";
import { Logo } from "./Logo";
import { ProjectSwitcher } from "./ProjectSwitcher";
import { Rail } from "./Rail";
import styles from "./Shell.module.css";
import { SignInAgain } from "./SignInAgain";
import { useAccountLanguage } from "./useAccountLanguage";
import { useArrival } from "./useArrival";

/** The project of the page, where it has one. */
export function useProjectOfPage(): string | null {
  const { project } = useParams({ strict: false });
  return project ?? null;
}

export function Shell() {
  const words = useWords().shell;
  const project = useProjectOfPage();
  const isEnded = useSessionEnded();
  useAccountLanguage();
  useArrival();
  return (
    <LiveProvider project={isEnded ? null : project} refused={useAskWhetherEnded()}>
      <div className={styles.shell} inert={isEnded}>
        <a className={styles.skip} href="#content">
          {words.skip}
        </a>
        <header className={styles.head}>
          <Link to="/projects" className={styles.logo} aria-label="Fieldpost">
            <Logo />
            <span className={styles.name}>Fieldpost</span>
          </Link>
          <ProjectSwitcher project={project} />
          <div className={styles.space} />
          <SearchButton />
          {project !== null && <LiveMark />}
          <AccountMenu />
        </header>
        <Rail project={project} />
        <main id="content" className={styles.content} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <CommandPalette project={project} />
      <KeyboardHelp />
      {isEnded && <SignInAgain />}
    </LiveProvider>
  );
}

/** The stream does not say why it was refused; asking for the session does. */
function useAskWhetherEnded(): () => void {
  const client = useQueryClient();
  return useCallback(() => {
    client.fetchQuery({ ...sessionQuery, staleTime: 0 }).catch((error: unknown) => {
      if (meansSignedOut(error)) {
        sessionHasEnded();
      }
    });
  }, [client]);
}
