// A page on which something is made or changed, for those who may: whoever follows a link to it
// without the level is told so before anything is typed.
import type { ReactNode } from "react";
import { Reserved } from "../app/Reserved";
import { PageHead } from "../design/PageHead";
import type { Noun } from "./queries";

/** Connections carry credentials, jobs and lifecycles may use them, and roles say who may do what: they
 *  ask for more. */
const LEVELS = {
  connections: "admin",
  workflows: "admin",
  sources: "editor",
  forwarders: "editor",
  "form-definitions": "admin",
  roles: "admin",
  people: "admin",
} as const;

interface AllowedProps {
  project: string;
  noun: Noun;
  title: string;
  children: ReactNode;
}

export function Allowed({ project, noun, title, children }: AllowedProps) {
  return (
    <Reserved project={project} level={LEVELS[noun]} title={title}>
      <PageHead title={title} />
      {children}
    </Reserved>
  );
}
