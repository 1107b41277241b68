// A page on which something is made or changed, for those who may: whoever follows a link to it
// without the level is told so before anything is typed.
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useMay } from "../api/useMay";
import { EmptyState } from "../design/EmptyState";
import { PageHead } from "../design/PageHead";
import { PlaceLink } from "../design/PlaceLink";
import { useWords } from "../i18n/words";
import type { Noun } from "./queries";

/** Connections carry credentials: they ask for more. */
const LEVELS = { connections: "admin", sources: "editor", forwarders: "editor" } as const;

interface AllowedProps {
  project: string;
  noun: Noun;
  title: string;
  children: ReactNode;
}

export function Allowed({ project, noun, title, children }: AllowedProps) {
  const words = useWords().definitions.mayNot;
  const level = LEVELS[noun];
  const may = useMay(project, level);
  return (
    <>
      <PageHead title={title} />
      {may ? (
        children
      ) : (
        <EmptyState
          action={
            <Button
              variant="default"
              renderRoot={(props) => <PlaceLink {...props} project={project} place={noun} />}
            >
              {words.back}
            </Button>
          }
        >
          {words[level]}
        </EmptyState>
      )}
    </>
  );
}
