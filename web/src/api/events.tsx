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
import { type HubEvent, type LiveState, watchEvents } from "./stream";

export { type EventKind, type HubEvent, tellsOf } from "./stream";

type Listener = (events: HubEvent[]) => void;

interface Live {
  state: LiveState;
  listen: (listener: Listener) => () => void;
}

const LiveContext = createContext<Live>({ state: "resting", listen: () => () => {} });

interface LiveProviderProps {
  /** The project that is watched; null for none. */
  project: string | null;
  /** The hub refused to tell; it stays the same from one drawing to the next. */
  refused: () => void;
  children: ReactNode;
}

/** Watches a project for everything below it. */
export function LiveProvider({ project, refused, children }: LiveProviderProps) {
  const listeners = useRef(new Set<Listener>());
  const [state, setState] = useState<LiveState>("resting");

  useEffect(() => {
    if (project === null) {
      setState("resting");
      return;
    }
    return watchEvents({
      address: `/api/v1/projects/${encodeURIComponent(project)}/events`,
      told: setState,
      happened: (events) => {
        for (const listener of listeners.current) {
          listener(events);
        }
      },
      refused,
    });
  }, [project, refused]);

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
