// Keys that act. A key is heard only while nobody types and no dialog is open; what it does stands
// in the list that `?` shows. Single letters can be turned off, for those who speak to their
// computer or touch keys by accident.
import { useEffect, useRef } from "react";
import { areSingleKeysOn } from "./singleKeys";

/** Keys that go on while they are held down; any other acts once. */
const HELD: readonly string[] = ["j", "k", "ArrowDown", "ArrowUp"];
/** Where text is typed, and widgets that have keys of their own. */
const TAKES_KEYS =
  "input, textarea, select, [contenteditable]:not([contenteditable=false]), [role=dialog], [role=menu], [role=listbox]";

/** Whether a key was pressed below something. The path of the event is asked, and not its target:
 *  of what happens in a shadow root, as in editors, the target tells only where that root hangs. */
export function isPressedIn(event: Pick<KeyboardEvent, "composedPath">, selector: string): boolean {
  return event.composedPath().some((each) => each instanceof Element && each.matches(selector));
}

function isHeard(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) {
    return false;
  }
  if (event.key.length === 1 && !areSingleKeysOn()) {
    return false;
  }
  return (!event.repeat || HELD.includes(event.key)) && !isPressedIn(event, TAKES_KEYS);
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
      if (deed !== undefined && isHeard(event)) {
        deed(event);
      }
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
