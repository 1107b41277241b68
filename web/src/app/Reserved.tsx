// A page that asks for more than its reader may: it says so at once, and who can change that, where
// trying again would help nobody.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Access, may, sessionQuery } from "../api/session";
import { EmptyState } from "../design/EmptyState";
import { PageHead } from "../design/PageHead";
import { useWords } from "../i18n/words";

interface ReservedProps {
  project: string;
  level: Access;
  title: string;
  children: ReactNode;
}

/** The page of a project, for those who have the level. */
export function Reserved({ project, level, title, children }: ReservedProps) {
  const { common, members, shell } = useWords();
  const session = useQuery(sessionQuery).data;
  if (session !== undefined && may(session, project, level)) {
    return children;
  }
  return (
    <>
      <PageHead title={title} />
      <EmptyState
        action={
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link {...props} to="/projects/$project/members" params={{ project }} />
            )}
          >
            {shell.pages.members}
          </Button>
        }
      >
        {common.reserved(members.names[level])}
      </EmptyState>
    </>
  );
}

/** The pages of the installation, for those who run it. */
export function ReservedForInstallation({ children }: { children: ReactNode }) {
  const { common, shell } = useWords();
  const session = useQuery(sessionQuery).data;
  if (session?.installation_admin === true) {
    return children;
  }
  return (
    <>
      <PageHead title={shell.installation} />
      <EmptyState
        action={
          <Button variant="default" renderRoot={(props) => <Link {...props} to="/projects" />}>
            {shell.notFound.home}
          </Button>
        }
      >
        {common.reservedForInstallation}
      </EmptyState>
    </>
  );
}
