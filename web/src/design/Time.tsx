// A time: relative, with the exact one on hover. All times of a page tick together.
import { useSyncExternalStore } from "react";
import { useFormat } from "../i18n/words";

const TICK_MILLISECONDS = 1000;

let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;
const watchers = new Set<() => void>();

function watch(watcher: () => void): () => void {
  if (watchers.size === 0) {
    now = new Date();
    timer = setInterval(() => {
      now = new Date();
      for (const each of watchers) {
        each();
      }
    }, TICK_MILLISECONDS);
  }
  watchers.add(watcher);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(timer);
    }
  };
}

/** The present, each second anew. */
export function useNow(): Date {
  return useSyncExternalStore(watch, () => now);
}

/** A text made of the present, drawn again only when the text changes. */
export function useTicking(text: (now: Date) => string): string {
  return useSyncExternalStore(watch, () => text(now));
}

interface TimeProps {
  at: string;
  /** `relative`: 3 min ago. `clock`: 14:02:11. */
  shown?: "relative" | "clock";
  className?: string;
}

export function Time({ at, shown = "relative", className }: TimeProps) {
  const format = useFormat();
  const time = new Date(at);
  const text = useTicking((now) =>
    shown === "clock" ? format.clock(time, now) : format.relative(time, now),
  );
  // The browser's own tooltip: a list has a time in every row, and a widget for each is too slow.
  return (
    <time dateTime={at} title={format.exact(time)} className={className}>
      {text}
    </time>
  );
}
