import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { throttled } from "./throttle";

const PAUSE = 2000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A deed that takes a while, and how often it was begun. */
function slowDeed(milliseconds: number, end: "well" | "badly" = "well") {
  const deed = vi.fn(
    () =>
      new Promise<void>((resolve, reject) => {
        setTimeout(() => (end === "well" ? resolve() : reject(new Error("badly"))), milliseconds);
      }),
  );
  return { deed, ...throttled(deed, PAUSE) };
}

test("a burst is one look at once, and one after the pause", async () => {
  const { deed, ask } = slowDeed(10);
  for (let event = 0; event < 50; event += 1) {
    ask();
  }
  expect(deed).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(10 + PAUSE - 1);
  expect(deed).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(deed).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(10 * PAUSE);
  expect(deed).toHaveBeenCalledTimes(2);
});

test("a deed that takes longer than the pause is never begun twice", async () => {
  const { deed, ask } = slowDeed(5 * PAUSE);
  ask();
  await vi.advanceTimersByTimeAsync(3 * PAUSE);
  ask();
  expect(deed).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(3 * PAUSE);
  expect(deed).toHaveBeenCalledTimes(2);
});

test("a deed that fails is done again when it is asked for", async () => {
  const { deed, ask } = slowDeed(10, "badly");
  ask();
  await vi.advanceTimersByTimeAsync(10 + PAUSE);
  ask();
  expect(deed).toHaveBeenCalledTimes(2);
});

test("after the end nothing is done", async () => {
  const { deed, ask, stop } = slowDeed(10);
  ask();
  ask();
  stop();
  await vi.advanceTimersByTimeAsync(10 * PAUSE);
  ask();
  expect(deed).toHaveBeenCalledTimes(1);
});
