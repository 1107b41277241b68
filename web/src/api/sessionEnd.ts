// Whether the session has ended while the page is open. The page stays as it is then, with all that
// was typed; whoever stands around it asks the reader to sign in again.
import { useSyncExternalStore } from "react";
import { Problem } from "./problem";

let isOver = false;
const watchers = new Set<() => void>();

function set(over: boolean): void {
  isOver = over;
  for (const watcher of watchers) {
    watcher();
  }
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Only this code means that nobody is signed in: a password that was mistyped is answered 401 too. */
export const meansSignedOut = (error: unknown): boolean =>
  error instanceof Problem && error.code === "unauthorized";

export const sessionHasEnded = (): void => set(true);
export const sessionIsBack = (): void => set(false);

export function useSessionEnded(): boolean {
  return useSyncExternalStore(watch, () => isOver);
}
