// What happens in a project, as it happens. One stream for the page; whoever shows a list listens
// to it. Events are hints: they say what to look at again, and never carry the data itself.
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";

export type EventKind = "message" | "delivery" | "incident" | "action";

/** Something happened; without an id, anything may have: look at everything again. */
export interface HubEvent {
  kind: EventKind | "everything";
  id: string | null;
  state: string | null;
}

/** Whether the stream is up: `resting` while the page is hidden or nothing is watched. */
export type LiveState = "live" | "connecting" | "resting";

type Listener = (events: HubEvent[]) => void;

interface Live {
  state: LiveState;
  listen: (listener: Listener) => () => void;
}

const KINDS: EventKind[] = ["message", "delivery", "incident", "action"];
/** Events are told together at most this often: a burst moves a list once. */
const PAUSE_MILLISECONDS = 400;
/** How long to wait before a lost stream is begun again. */
const AGAIN_MILLISECONDS = 3000;

const LiveContext = createContext<Live>({ state: "resting", listen: () => () => {} });

/** Watches a project for everything below it. */
export function LiveProvider({
  project,
  children,
}: {
  project: string | null;
  children: ReactNode;
}) {
  const listeners = useRef(new Set<Listener>());
  const [state, setState] = useState<LiveState>("resting");

  useEffect(() => {
    if (project === null) {
      setState("resting");
      return;
    }
    return watch(project, setState, (events) => {
      for (const listener of listeners.current) {
        listener(events);
      }
    });
  }, [project]);

  const live = useMemo<Live>(
    () => ({
      state,
      listen: (listener) => {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [state],
  );
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

export function useLiveState(): LiveState {
  return useContext(LiveContext).state;
}

/** Calls `listener` with what happened, while `listening`. */
export function useEvents(listener: Listener, listening = true): void {
  const { listen } = useContext(LiveContext);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(
    () => (listening ? listen((events) => latest.current(events)) : undefined),
    [listen, listening],
  );
}

/** Keeps one stream open; gives the way to end it. */
function watch(project: string, told: (state: LiveState) => void, happened: Listener): () => void {
  let source: EventSource | null = null;
  let waiting: HubEvent[] = [];
  let flush: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let wasAway = false;

  const tell = (event: HubEvent) => {
    waiting.push(event);
    flush ??= setTimeout(() => {
      flush = undefined;
      const events = waiting;
      waiting = [];
      happened(events);
    }, PAUSE_MILLISECONDS);
  };

  const open = () => {
    told("connecting");
    source = new EventSource(`/api/v1/projects/${encodeURIComponent(project)}/events`);
    source.onopen = () => {
      told("live");
      if (wasAway) {
        tell({ kind: "everything", id: null, state: null });
      }
      wasAway = false;
    };
    source.onerror = () => {
      wasAway = true;
      told("connecting");
      // A browser begins a broken stream again, but never one that was refused.
      if (source?.readyState === EventSource.CLOSED) {
        clearTimeout(again);
        again = setTimeout(open, AGAIN_MILLISECONDS);
      }
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (event: MessageEvent<string>) => {
        const { id, state } = JSON.parse(event.data) as { id: string; state: string };
        tell({ kind, id, state });
      });
    }
    source.addEventListener("lagged", () => tell({ kind: "everything", id: null, state: null }));
  };

  open();
  return () => {
    clearTimeout(flush);
    clearTimeout(again);
    source?.close();
  };
}
