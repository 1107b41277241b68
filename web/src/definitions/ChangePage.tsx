// The page on which something that is defined is changed: its title, and the form once the
// definition is there.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorNote } from "../design/ErrorNote";
import { PageHead } from "../design/PageHead";
import { useWords } from "../i18n/words";
import { ListSkeleton } from "../lists/ListParts";
import type { Definition } from "./definition";
import { definedQuery } from "./queries";

interface ChangePageProps {
  project: string;
  noun: Parameters<typeof definedQuery>[1];
  name: string;
  title: string;
  /** The form, for the definition as it is kept. */
  children: (definition: Definition) => ReactNode;
}

export function ChangePage({ project, noun, name, title, children }: ChangePageProps) {
  const words = useWords();
  const { data, error, refetch } = useQuery({
    ...definedQuery(project, noun, name),
    // What is being changed must not change under the hands.
    refetchOnWindowFocus: false,
  });
  return (
    <>
      <PageHead title={title} />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {data !== undefined && children(data.definition)}
    </>
  );
}
