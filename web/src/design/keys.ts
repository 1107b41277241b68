// Keys that act. A key is heard only while nobody types and no dialog is open; what it does stands
// in the list that `?` shows.
import { useEffect, useRef } from "react";

/** Whether a key pressed there is text, or belongs to a widget that has keys of its own. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) {
    return true;
  }
  const target = event.target;
  if (!(target instanceof HTMLElement)) {
    return false;
  }
  return (
    target.isContentEditable ||
    target.closest("input, textarea, select, [role=dialog], [role=menu], [role=listbox]") !== null
  );
}

/** Calls the deed of the key that was pressed: `{ j: next, k: previous }`. */
export function useKeys(deeds: Record<string, (event: KeyboardEvent) => void>): void {
  const latest = useRef(deeds);
  useEffect(() => {
    latest.current = deeds;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const deed = latest.current[event.key];
      if (deed !== undefined && !belongsElsewhere(event)) {
        deed(event);
      }
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
