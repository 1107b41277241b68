// Timers. The process around sleeps until the next one is due, or an answer of the hub comes.

import { now } from "fieldpost:host";

const timers = new Map();
let last = 0;

function start(action, delay, values, repeat) {
  if (typeof action !== "function") {
    throw new TypeError("The first argument of a timer is the function to call");
  }
  const wait = Math.max(1, Math.min(Number(delay) || 0, 2147483647));
  const id = ++last;
  timers.set(id, { at: now() + wait, wait, action, values, repeat });
  return id;
}

function stop(id) {
  timers.delete(id);
}

/** How many milliseconds until the next timer is due; less than nothing if there is none. */
export function nextTimer() {
  let first = Infinity;
  for (const { at } of timers.values()) first = Math.min(first, at);
  return first === Infinity ? -1 : Math.max(0, first - now());
}

/** Calls the functions of the timers that are due, the earliest first. */
export function runTimers() {
  const time = now();
  const due = [...timers].filter(([, { at }]) => at <= time).sort(([, a], [, b]) => a.at - b.at);
  for (const [id, timer] of due) {
    if (!timers.has(id)) continue;
    if (timer.repeat) timer.at = now() + timer.wait;
    else timers.delete(id);
    timer.action(...timer.values);
  }
}

export const functions = {
  setTimeout: (action, delay, ...values) => start(action, delay, values, false),
  setInterval: (action, delay, ...values) => start(action, delay, values, true),
  clearTimeout: stop,
  clearInterval: stop,
};
