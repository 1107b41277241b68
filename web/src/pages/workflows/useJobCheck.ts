// Whether a job compiles, asked of the hub a moment after the last letter was typed.
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { checkJob, type JobCheck } from "./queries";

const PAUSE_MILLISECONDS = 400;

export interface JobState {
  /** What the hub says of it; undefined before it has said anything. */
  check: JobCheck | undefined;
  /** Whether it is said of the text as it stands. */
  isChecking: boolean;
}

export function useJobCheck(project: string, adaptors: readonly string[], job: string): JobState {
  const [[slowAdaptors, slowJob]] = useDebouncedValue(
    [adaptors.join(" "), job] as const,
    PAUSE_MILLISECONDS,
  );
  const query = useQuery({
    queryKey: ["job-check", project, slowAdaptors, slowJob],
    enabled: slowJob.trim() !== "",
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: () => checkJob(project, slowAdaptors === "" ? [] : slowAdaptors.split(" "), slowJob),
  });
  const isOld = slowJob !== job || slowAdaptors !== adaptors.join(" ");
  return {
    check: job.trim() === "" ? undefined : query.data,
    isChecking: job.trim() !== "" && (isOld || query.isFetching),
  };
}
