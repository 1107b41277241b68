// Pages that are not lists, but live all the same: what they ask is asked again when something
// happens in the project.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useEvents, useLiveState } from "./events";

/** Counts are up to two seconds behind what events tell; a last look comes after those. */
const SETTLED_MILLISECONDS = 2500;

/** Looks at everything below a key again when something happens in the project, and once more
 *  when the counts have followed. */
export function useLiveLook(key: readonly unknown[]): void {
  const client = useQueryClient();
  const live = useLiveState() === "live";
  const settled = useRef<ReturnType<typeof setTimeout>>(undefined);
  const look = () => void client.invalidateQueries({ queryKey: key });
  const lookTwice = () => {
    look();
    clearTimeout(settled.current);
    settled.current = setTimeout(look, SETTLED_MILLISECONDS);
  };
  useEvents(lookTwice);
  // What happened between the first look and the beginning of the stream was told to nobody.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the stream is up
  useEffect(() => {
    if (live) {
      lookTwice();
    }
  }, [live]);
  useEffect(() => () => clearTimeout(settled.current), []);
}
