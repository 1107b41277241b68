// One stream of events, kept open while somebody looks. Browsers hold six connections to one hub at
// the most, over all their tabs: a page that is hidden gives its own back, and looks at everything
// again when it is shown. It does so as well whenever the stream begins, because what happened
// before was told to nobody.

const KINDS = [
  "message",
  "submission",
  "case",
  "delivery",
  "run",
  "incident",
  "action",
  "configuration",
  "audit",
] as const;
export type EventKind = (typeof KINDS)[number];

/** Something happened; without an id, anything may have: look at everything again. */
export interface HubEvent {
  kind: EventKind | "everything";
  id: string | null;
  state: string | null;
  /** The form of a submission. */
  form?: string;
}

/** Whether an event is one of these kinds, or may be: what is shown of them is looked at again then. */
export const tellsOf =
  (...kinds: EventKind[]) =>
  ({ kind }: HubEvent): boolean =>
    kind === "everything" || kinds.some((each) => each === kind);

/** Whether the stream is up: `resting` while the page is hidden or nothing is watched. */
export type LiveState = "live" | "connecting" | "resting";

const EVERYTHING: HubEvent = { kind: "everything", id: null, state: null };
/** Events are told together at most this often: a burst moves a page once. */
const PAUSE_MILLISECONDS = 400;
/** How long to wait before a stream that was refused is begun again; twice as long each time. */
export const AGAIN_MILLISECONDS = 3000;
export const LONGEST_AGAIN_MILLISECONDS = 60_000;

/** Where the page stands: what a browser gives, and what tests put in its place. */
export interface Surroundings {
  open: (address: string) => EventSource;
  isHidden: () => boolean;
  /** Calls when the page is hidden or shown; gives the way to end that. */
  onTurn: (turned: () => void) => () => void;
}

const BROWSER: Surroundings = {
  open: (address) => new EventSource(address),
  isHidden: () => document.visibilityState === "hidden",
  onTurn: (turned) => {
    document.addEventListener("visibilitychange", turned);
    return () => document.removeEventListener("visibilitychange", turned);
  },
};

export interface Watch {
  address: string;
  told: (state: LiveState) => void;
  happened: (events: HubEvent[]) => void;
  /** The hub refused the stream: perhaps the session is over. */
  refused: () => void;
}

/** Keeps one stream open; gives the way to end it. */
export function watchEvents(watch: Watch, surroundings: Surroundings = BROWSER): () => void {
  const { address, told, happened, refused } = watch;
  let source: EventSource | null = null;
  let waiting: HubEvent[] = [];
  let flush: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let refusals = 0;

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
    const opened = surroundings.open(address);
    source = opened;
    opened.onopen = () => {
      refusals = 0;
      told("live");
      tell(EVERYTHING);
    };
    opened.onerror = () => {
      told("connecting");
      // A browser begins a broken stream again, but never one that was refused.
      if (opened.readyState === opened.CLOSED) {
        refused();
        clearTimeout(again);
        again = setTimeout(
          open,
          Math.min(AGAIN_MILLISECONDS * 2 ** refusals, LONGEST_AGAIN_MILLISECONDS),
        );
        refusals += 1;
      }
    };
    for (const kind of KINDS) {
      opened.addEventListener(kind, (event: MessageEvent<string>) => {
        const { id = null, state = null, form } = JSON.parse(event.data) as Partial<HubEvent>;
        tell({ kind, id, state, form });
      });
    }
    opened.addEventListener("lagged", () => tell(EVERYTHING));
  };
  const close = () => {
    clearTimeout(flush);
    clearTimeout(again);
    flush = undefined;
    waiting = [];
    source?.close();
    source = null;
  };
  const turn = () => {
    close();
    if (surroundings.isHidden()) {
      told("resting");
    } else {
      open();
    }
  };

  turn();
  const end = surroundings.onTurn(turn);
  return () => {
    end();
    close();
  };
}
