// The page on which something that is defined is changed: its title, and the form once the
// definition is there.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorNote } from "../design/ErrorNote";
import { useWords } from "../i18n/words";
import { ListSkeleton } from "../lists/ListParts";
import { Allowed } from "./Allowed";
import type { Definition } from "./definition";
import { definedQuery, type Noun } from "./queries";

interface ChangePageProps {
  project: string;
  noun: Noun;
  name: string;
  title: string;
  /** The form, for the definition as it is kept. */
  children: (definition: Definition) => ReactNode;
}

export function ChangePage({ project, noun, name, title, children }: ChangePageProps) {
  return (
    <Allowed project={project} noun={noun} title={title}>
      <Change project={project} noun={noun} name={name}>
        {children}
      </Change>
    </Allowed>
  );
}

function Change({ project, noun, name, children }: Omit<ChangePageProps, "title">) {
  const words = useWords();
  const { data, error, refetch } = useQuery({
    ...definedQuery(project, noun, name),
    // What is being changed must not change under the hands.
    refetchOnWindowFocus: false,
  });
  if (data !== undefined) {
    return children(data.definition);
  }
  return error === null ? (
    <ListSkeleton label={words.common.loading} />
  ) : (
    <ErrorNote error={error} retry={() => void refetch()} />
  );
}
