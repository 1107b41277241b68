import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Page } from "../api/types";
import { type Followed, type Following, follow, PAUSE_MILLISECONDS } from "./follow";

interface Row {
  id: string;
  state: string;
}

const row = (text: string): Row => ({ id: text.charAt(0), state: text.slice(1) });
const page = (items: string): Page<Row> => ({
  items: items.split(" ").filter(Boolean).map(row),
  next: "more",
});

/** A list, what its hub answers, and when. */
class Scene implements Followed<Row> {
  pages: Page<Row>[] = [page("d c"), page("b a")];
  head = page("d c");
  /** Rows that still fit. */
  rows = "";
  atTop = true;
  sight: string[] = ["d", "c"];
  fetching = false;
  held = 0;
  readonly asked: string[] = [];
  private answers: (() => void)[] = [];

  idOf = (each: Row) => each.id;
  read = () => this.pages;
  write = (pages: Page<Row>[]) => {
    this.pages = pages;
  };
  isFetching = () => this.fetching;
  isAtTop = () => this.atTop;
  inSight = () => this.sight;
  hold = (count: number) => {
    this.held = count;
  };
  /** The page that stands below the first one. */
  below = page("b a");
  fetchPage = async (cursor: string | null) => {
    this.asked.push(cursor ?? "head");
    await new Promise<void>((answer) => this.answers.push(answer));
    return cursor === null ? this.head : this.below;
  };
  fetchRows?: Followed<Row>["fetchRows"] = async (ids: string[]) => {
    this.asked.push(ids.join(" "));
    return page(this.rows).items;
  };

  /** Lets the hub answer what it was asked. */
  async answer() {
    for (const answer of this.answers.splice(0)) {
      answer();
    }
    await vi.advanceTimersByTimeAsync(0);
  }

  get written() {
    return this.pages.map(({ items }) => items.map(({ id, state }) => id + state).join(" "));
  }
}

let scene: Scene;
let following: Following;

beforeEach(() => {
  vi.useFakeTimers();
  scene = new Scene();
  following = follow(scene);
});
afterEach(() => {
  following.stop();
  vi.useRealTimers();
});

test("a burst asks for the head once, and once more after the pause", async () => {
  for (let event = 0; event < 50; event += 1) {
    following.happened(["e"]);
  }
  expect(scene.asked).toEqual(["head"]);
  scene.head = page("e d c");
  await scene.answer();
  expect(scene.written).toEqual(["e d c", "b a"]);
  await vi.advanceTimersByTimeAsync(PAUSE_MILLISECONDS);
  expect(scene.asked).toEqual(["head", "head"]);
});

test("what was asked for one list never lands in the next one", async () => {
  following.happened(["d"]);
  following.stop();
  scene.pages = [page("z y")];
  scene.head = page("d9 c");
  await scene.answer();
  expect(scene.written).toEqual(["z y"]);
});

test("a page that is on its way is waited for, as it would write over what is merged", async () => {
  following.happened(["d"]);
  scene.head = page("e d9 c");
  scene.fetching = true;
  await scene.answer();
  expect(scene.written).toEqual(["d c", "b a"]);

  scene.fetching = false;
  following.arrived();
  await vi.advanceTimersByTimeAsync(PAUSE_MILLISECONDS);
  await scene.answer();
  expect(scene.written).toEqual(["e d9 c", "b a"]);
});

test("rows below the head are asked for when they are in sight, and dropped when they are gone", async () => {
  scene.atTop = false;
  scene.sight = ["b"];
  scene.rows = "b2";
  following.happened(["b", "a"]);
  await scene.answer();
  expect(scene.asked).toEqual(["head", "b"]);
  expect(scene.written).toEqual(["d c", "b2 a"]);

  // Further down there is the other one, which no longer fits the filters.
  scene.rows = "";
  scene.sight = ["b", "a"];
  following.moved();
  await vi.advanceTimersByTimeAsync(PAUSE_MILLISECONDS);
  await scene.answer();
  expect(scene.asked).toEqual(["head", "b", "head", "a"]);
  expect(scene.written).toEqual(["d c", "b2"]);
  // Nothing in sight is old now.
  following.moved();
  await vi.advanceTimersByTimeAsync(PAUSE_MILLISECONDS);
  expect(scene.asked).toHaveLength(4);
});

test("where the hub takes no ids, the pages of rows in sight are read again", async () => {
  scene.fetchRows = undefined;
  following.stop();
  following = follow(scene);
  scene.atTop = false;
  scene.sight = ["b"];
  scene.below = page("b2 9");
  following.happened(["b", "a"]);
  await scene.answer();
  await scene.answer();
  expect(scene.asked).toEqual(["head", "more"]);
  // How the last row is now is not known: the page that was read ends before it.
  expect(scene.written).toEqual(["d c", "b2 a"]);

  scene.sight = ["a"];
  scene.below = { ...page("b2"), next: null };
  following.moved();
  await vi.advanceTimersByTimeAsync(PAUSE_MILLISECONDS);
  await scene.answer();
  await scene.answer();
  expect(scene.asked).toEqual(["head", "more", "head", "more"]);
  expect(scene.written).toEqual(["d c", "b2"]);
  following.moved();
  await vi.advanceTimersByTimeAsync(PAUSE_MILLISECONDS);
  expect(scene.asked).toHaveLength(4);
});

test("after a stream was lost, any row in sight may be old", async () => {
  scene.atTop = false;
  scene.sight = ["b", "a"];
  scene.rows = "b2 a2";
  scene.head = page("e d c");
  following.happened("any");
  await scene.answer();
  expect(scene.written).toEqual(["d c", "b2 a2"]);
  expect(scene.held).toBe(1);

  // Back at the top, the head is all that is kept: the rest is asked for on the way down.
  scene.atTop = true;
  following.happened(["e"]);
  await vi.advanceTimersByTimeAsync(PAUSE_MILLISECONDS);
  await scene.answer();
  expect(scene.written).toEqual(["e d c"]);
  expect(scene.held).toBe(0);
});

test("a look that fails leaves what is shown, and the next event looks again", async () => {
  const fetchPage = scene.fetchPage;
  scene.fetchPage = () => Promise.reject(new Error("away"));
  const failing = follow(scene);
  failing.happened(["d"]);
  await vi.advanceTimersByTimeAsync(PAUSE_MILLISECONDS);
  expect(scene.written).toEqual(["d c", "b a"]);
  failing.stop();
  scene.fetchPage = fetchPage;
  following.happened(["d"]);
  expect(scene.asked).toEqual(["head"]);
});

test("new rows are shown when the reader asks for them", async () => {
  scene.atTop = false;
  scene.head = page("e d c");
  following.happened(["e"]);
  await scene.answer();
  expect(scene.held).toBe(1);
  const shown = following.showNew();
  await scene.answer();
  await shown;
  expect(scene.written).toEqual(["e d c", "b a"]);
  expect(scene.held).toBe(0);
});
