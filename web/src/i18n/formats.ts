// Numbers and times as the reader writes them, in the reader's own time zone.
import type { Language } from "./languages";

export interface Formats {
  /** 1,204 */
  number: (value: number) => string;
  /** 3.4 kB */
  bytes: (value: number) => string;
  /** 88 ms, 2.4 s, 3 min */
  duration: (milliseconds: number) => string;
  /** 3 min ago, in 2 h */
  relative: (time: Date, now: Date) => string;
  /** 14:02:11 today, 21 Nov 14:02 else */
  clock: (time: Date, now: Date) => string;
  /** 14:02 today, 21 Nov 14:02 else: for sentences */
  minute: (time: Date, now: Date) => string;
  /** 22 Nov 2026, 14:02:11.412 with the zone */
  exact: (time: Date) => string;
  /** Tue 24 Nov 2026, 07:00 of 2026-11-24T07:00:00+03:00: what the clock shows there, not here */
  wall: (local: string) => string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `2026-11-24T07:00:00` */
const WALL_CHARACTERS = 19;

const SPANS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
  ["second", SECOND],
];
const SPAN_UNITS: [string, number][] = [
  ["d", DAY],
  ["h", HOUR],
  ["min", MINUTE],
  ["s", SECOND],
];
const SIZES = [1e9, 1e6, 1e3, 1];
const SIZE_UNITS: Record<Language, string[]> = {
  en: ["GB", "MB", "kB", "B"],
  fr: ["Go", "Mo", "ko", "o"],
};

/** English as it is written outside of America: days before months, 24 hours. */
export const LOCALES: Record<Language, string> = { en: "en-GB", fr: "fr" };

export function formats(language: Language): Formats {
  const locale = LOCALES[language];
  const number = new Intl.NumberFormat(locale);
  const sizeNumber = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
  const today = new Intl.DateTimeFormat(locale, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const minute = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const thisYear = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  const longAgo = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    year: "numeric",
  });
  const exact = new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    timeZoneName: "short",
  });
  const wall = new Intl.DateTimeFormat(locale, {
    timeZone: "UTC",
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
  const sameDay = (time: Date, now: Date) => time.toDateString() === now.toDateString();
  const dated = (time: Date, now: Date) =>
    (time.getFullYear() === now.getFullYear() ? thisYear : longAgo).format(time);
  return {
    number: (value) => number.format(value),
    bytes: (value) => {
      const index = Math.max(
        0,
        SIZES.findIndex((size) => value >= size),
      );
      const place = value < 1 ? SIZES.length - 1 : index;
      const size = SIZES[place] ?? 1;
      return `${sizeNumber.format(value / size)}\u00a0${SIZE_UNITS[language][place]}`;
    },
    duration: (milliseconds) => {
      const [unit, size] = SPAN_UNITS.find(([, size]) => milliseconds >= size) ?? ["ms", 1];
      const value = milliseconds / size;
      // Below a second the parts do not matter; above, one digit tells 1.5 from 2.
      const rounded = size === 1 ? Math.round(value) : value;
      return `${sizeNumber.format(rounded)}\u00a0${unit === "d" && language === "fr" ? "j" : unit}`;
    },
    relative: (time, now) => {
      const distance = time.getTime() - now.getTime();
      const [name, size] = SPANS.find(([, size]) => Math.abs(distance) >= size) ?? [
        "second",
        SECOND,
      ];
      // A count that begins with 90 days does not begin with "in 89 days".
      const count = name === "day" && distance > 0 ? Math.round : Math.trunc;
      return relative.format(count(distance / size), name);
    },
    clock: (time, now) => (sameDay(time, now) ? today.format(time) : dated(time, now)),
    minute: (time, now) => (sameDay(time, now) ? minute.format(time) : dated(time, now)),
    exact: (time) => exact.format(time),
    // Without its distance from UTC it is read as if the clock there showed UTC, and written so.
    wall: (local) => wall.format(new Date(`${local.slice(0, WALL_CHARACTERS)}Z`)),
  };
}
