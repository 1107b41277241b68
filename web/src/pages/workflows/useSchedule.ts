// When a schedule is due, or what is wrong with it, asked of the hub a moment after the last letter was
// typed.
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type CheckedSchedule, checkSchedule } from "./queries";

const PAUSE_MILLISECONDS = 400;

/** What is due next is asked for again this often: it passes. */
const AGAIN_MILLISECONDS = 60_000;

/** What the hub says of the schedule as it stands; undefined while it has not said so. */
export function useSchedule(
  project: string,
  cron: string,
  zone: string,
): CheckedSchedule | undefined {
  const [[slowCron, slowZone]] = useDebouncedValue([cron, zone] as const, PAUSE_MILLISECONDS);
  const { data, isPlaceholderData } = useQuery({
    queryKey: ["schedule-check", project, slowCron, slowZone],
    enabled: slowCron.trim() !== "",
    staleTime: AGAIN_MILLISECONDS,
    refetchInterval: AGAIN_MILLISECONDS,
    gcTime: AGAIN_MILLISECONDS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => checkSchedule(project, slowCron, slowZone, signal),
  });
  const isOfThis = slowCron === cron && slowZone === zone && !isPlaceholderData;
  return isOfThis && cron.trim() !== "" ? data : undefined;
}
