// Pages that are not lists, but live all the same: what they ask is asked again when something
// happens in the project. A request that is under way is let come home first, as on a slow line
// events come faster than answers; and what it brings is older than the event, so it is asked once
// more then.
import { type QueryClient, type QueryFilters, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { type HubEvent, useEvents } from "./events";
import { type Throttled, throttled } from "./throttle";

/** What changes by itself is looked at again this often at most. */
const PAUSE_MILLISECONDS = 2000;
/** Counts are up to two seconds behind what events tell; a last look comes after those. */
const SETTLED_MILLISECONDS = 2500;

interface LookOptions {
  /** Which events concern the page; every one, unless told. */
  concerns?: (event: HubEvent) => boolean;
  /** Whether counts are looked at, which follow later. */
  counts?: boolean;
  /** The least time between two looks, where they cost much. */
  pauseMilliseconds?: number;
}

/** Asks again what fits these keys when something happens. */
export function useLiveLook(looks: QueryFilters[], options: LookOptions = {}): void {
  const { concerns, counts = false, pauseMilliseconds = PAUSE_MILLISECONDS } = options;
  const client = useQueryClient();
  const latest = useRef(looks);
  useEffect(() => {
    latest.current = looks;
  });
  const looking = useRef<Throttled>(undefined);
  const settled = useRef<ReturnType<typeof setTimeout>>(undefined);
  const key = JSON.stringify(looks);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other keys are another page
  useEffect(() => {
    const made = throttled(
      () => Promise.all(latest.current.map((look) => lookAgain(client, look))),
      pauseMilliseconds,
    );
    looking.current = made;
    return () => {
      made.stop();
      clearTimeout(settled.current);
    };
  }, [client, key, pauseMilliseconds]);
  useEvents((events) => {
    if (concerns !== undefined && !events.some(concerns)) {
      return;
    }
    looking.current?.ask();
    if (counts) {
      clearTimeout(settled.current);
      settled.current = setTimeout(() => looking.current?.ask(), SETTLED_MILLISECONDS);
    }
  });
}

async function lookAgain(client: QueryClient, look: QueryFilters): Promise<void> {
  const joins = client.isFetching(look) > 0;
  await client.invalidateQueries(look, { cancelRefetch: false });
  if (joins) {
    await client.invalidateQueries(look, { cancelRefetch: false });
  }
}
