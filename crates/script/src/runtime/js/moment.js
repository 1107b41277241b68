// A step that is to do the same each time: its present does not pass, and its chance is known.
// It is held before the job and its adaptors are loaded, so that none of them keeps the real ones.

import { drawFrom } from "fieldpost:host";

// Mulberry32: numbers from 0 to 2³² that look random, the same ones from the same seed.
function* numbersOf(seed) {
  for (let state = seed | 0; ; ) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    yield (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

/** Holds `Date`, `Math.random` and the random bytes of adaptors at a moment. */
export function hold({ time, seed }) {
  const RealDate = Date;
  const HeldDate = new Proxy(RealDate, {
    apply: () => new RealDate(time).toString(),
    construct: (target, given, made) => Reflect.construct(target, given.length ? given : [time], made),
    get: (target, key) => (key === "now" ? () => time : Reflect.get(target, key)),
  });
  RealDate.prototype.constructor = HeldDate;
  globalThis.Date = HeldDate;
  const numbers = numbersOf(seed);
  const next = () => numbers.next().value;
  Math.random = () => next() / 2 ** 32;
  const digits = () => next().toString(16).padStart(8, "0");
  drawFrom(() => digits() + digits() + digits() + digits());
}
