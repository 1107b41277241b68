// What is shown of something that is asked for: its shape while it comes, what went wrong where
// there is nothing to show, and else the thing itself. A look that fails later takes nothing away:
// what was typed below stays, and a note says that it may be out of date.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorNote } from "../design/ErrorNote";
import { useWords } from "../i18n/words";
import { ListSkeleton } from "./ListParts";

export interface LoadedProps<Data> {
  query: Pick<UseQueryResult<Data>, "data" | "error" | "refetch">;
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
