// Pages that are not lists, but live all the same: what they ask is asked again when something
// happens in the project.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useEvents } from "./events";

/** Counts are up to two seconds behind what events tell; a last look comes after those. */
const SETTLED_MILLISECONDS = 2500;

/** Looks at everything below a key again when something happens in the project, and once more
 *  when the counts have followed. */
export function useLiveLook(key: readonly unknown[]): void {
  const client = useQueryClient();
  const settled = useRef<ReturnType<typeof setTimeout>>(undefined);
  const look = () => void client.invalidateQueries({ queryKey: key });
  useEvents(() => {
    look();
    clearTimeout(settled.current);
    settled.current = setTimeout(look, SETTLED_MILLISECONDS);
  });
  useEffect(() => () => clearTimeout(settled.current), []);
}
