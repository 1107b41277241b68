import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  AGAIN_MILLISECONDS,
  type HubEvent,
  type LiveState,
  LONGEST_AGAIN_MILLISECONDS,
  tellsOf,
  watchEvents,
} from "./stream";

/** A stream that a test drives. */
class FakeSource extends EventTarget {
  readonly CLOSED = 2;
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;

  close() {
    this.readyState = this.CLOSED;
  }

  begin() {
    this.readyState = 1;
    this.onopen?.();
  }

  refuse() {
    this.readyState = this.CLOSED;
    this.onerror?.();
  }

  tell(kind: string, data: object) {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }));
  }
}

let sources: FakeSource[];
let isHidden: boolean;
let turned: () => void;
let states: LiveState[];
let happened: HubEvent[];
let refused: ReturnType<typeof vi.fn<() => void>>;

const newest = () => sources.at(-1) as FakeSource;
const openStreams = () => sources.filter(({ readyState }) => readyState !== 2).length;

function watch(): () => void {
  return watchEvents(
    {
      address: "/events",
      told: (state) => states.push(state),
      happened: (events) => happened.push(...events),
      refused,
    },
    {
      open: () => {
        sources.push(new FakeSource());
        return newest() as unknown as EventSource;
      },
      isHidden: () => isHidden,
      onTurn: (listener) => {
        turned = listener;
        return () => {
          turned = () => {};
        };
      },
    },
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  sources = [];
  isHidden = false;
  states = [];
  happened = [];
  refused = vi.fn<() => void>();
});
afterEach(() => {
  vi.useRealTimers();
});

test("what happened before the stream began is looked at", () => {
  watch();
  expect(happened).toEqual([]);
  newest().begin();
  vi.runAllTimers();
  expect(happened.map(({ kind }) => kind)).toEqual(["everything"]);
  expect(states).toEqual(["connecting", "live"]);
});

test("a burst is told at once", () => {
  watch();
  newest().begin();
  newest().tell("message", { id: "a", state: "kept" });
  newest().tell("submission", { id: "b", form: "births" });
  newest().tell("configuration", {});
  newest().tell("lagged", { missed: 3 });
  vi.runAllTimers();
  expect(happened).toEqual([
    { kind: "everything", id: null, state: null },
    { kind: "message", id: "a", state: "kept" },
    { kind: "submission", id: "b", state: null, form: "births" },
    { kind: "configuration", id: null, state: null },
    { kind: "everything", id: null, state: null },
  ]);
});

test("an event concerns what shows its kind, and one of which nothing is known concerns all", () => {
  const event = (kind: HubEvent["kind"]) => ({ kind, id: null, state: null });
  const concerns = tellsOf("submission", "case");
  const kinds = (["message", "submission", "case", "everything"] as const).map(event);
  expect(kinds.map(concerns)).toEqual([false, true, true, true]);
});

test("a hidden page holds no stream, and looks at everything when it is shown", () => {
  watch();
  newest().begin();
  vi.runAllTimers();
  isHidden = true;
  turned();
  expect(openStreams()).toBe(0);
  expect(states.at(-1)).toBe("resting");
  happened = [];
  isHidden = false;
  turned();
  newest().begin();
  vi.runAllTimers();
  expect(happened.map(({ kind }) => kind)).toEqual(["everything"]);
  expect(openStreams()).toBe(1);
});

test("a page that is opened hidden begins none", () => {
  isHidden = true;
  watch();
  expect(sources).toEqual([]);
});

test("a stream that is refused is begun again, later and later", () => {
  watch();
  newest().refuse();
  expect(refused).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(AGAIN_MILLISECONDS - 1);
  expect(sources).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(sources).toHaveLength(2);
  newest().refuse();
  vi.advanceTimersByTime(2 * AGAIN_MILLISECONDS - 1);
  expect(sources).toHaveLength(2);
  for (let refusal = 0; refusal < 10; refusal += 1) {
    vi.advanceTimersByTime(LONGEST_AGAIN_MILLISECONDS);
    newest().refuse();
  }
  const before = sources.length;
  vi.advanceTimersByTime(LONGEST_AGAIN_MILLISECONDS);
  expect(sources).toHaveLength(before + 1);
});

test("nothing comes after the end", () => {
  const end = watch();
  newest().begin();
  end();
  vi.runAllTimers();
  turned();
  expect(openStreams()).toBe(0);
  expect(happened).toEqual([]);
});
