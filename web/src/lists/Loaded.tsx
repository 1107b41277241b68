// What is shown of something that is asked for: its shape while it comes, what went wrong where
// there is nothing to show, and else the thing itself. A look that fails later takes nothing away:
// what was typed below stays, and a note says that it may be out of date.
import type { ReactNode } from "react";
import { ErrorNote } from "../design/ErrorNote";
import { PageHead } from "../design/PageHead";
import { useWords } from "../i18n/words";
import { ListSkeleton } from "./ListParts";

export interface LoadedProps<Data> {
  query: { data: Data | undefined; error: Error | null; refetch: () => unknown };
  children: (data: Data) => ReactNode;
}

export function Loaded<Data>({ query, children }: LoadedProps<Data>) {
  const words = useWords().common;
  const { data, error, refetch } = query;
  const retry = () => void refetch();
  if (data === undefined) {
    return error === null ? (
      <ListSkeleton label={words.loading} />
    ) : (
      <ErrorNote error={error} retry={retry} />
    );
  }
  return (
    <>
      {error !== null && <ErrorNote error={error} retry={retry} about={words.mayBeOld} />}
      {children(data)}
    </>
  );
}

interface LoadedPageProps<Data> extends LoadedProps<Data> {
  /** The head of the page, as long as what it shows is not there. */
  title: string;
  beside?: ReactNode;
}

/** A whole page of one thing. */
export function LoadedPage<Data>({ query, title, beside, children }: LoadedPageProps<Data>) {
  return (
    <>
      {query.data === undefined && <PageHead title={title} beside={beside} />}
      <Loaded query={query}>{children}</Loaded>
    </>
  );
}
