import { expect, test } from "vitest";
import { formats } from "./formats";
import { chosenLanguage } from "./languages";
import { counted } from "./plural";

const now = new Date("2026-11-22T14:00:00Z");
const english = formats("en");
const french = formats("fr");
/** French writes narrow blanks that cannot be told from others on a screen. */
const plain = (text: string) => text.replaceAll(/\s/gu, " ");

test.each([
  [0, "0 B", "0 o"],
  [999, "999 B", "999 o"],
  [1000, "1 kB", "1 ko"],
  [2449, "2.4 kB", "2,4 ko"],
  [3_500_000, "3.5 MB", "3,5 Mo"],
  [7e12, "7,000 GB", "7 000 Go"],
])("%d bytes", (value, inEnglish, inFrench) => {
  expect(plain(english.bytes(value))).toBe(inEnglish);
  expect(plain(french.bytes(value))).toBe(inFrench);
});

test.each([
  [88.4, "88 ms", "88 ms"],
  [2449, "2.4 s", "2,4 s"],
  [180_000, "3 min", "3 min"],
  [5_400_000, "1.5 h", "1,5 h"],
  [172_800_000, "2 d", "2 j"],
])("%d milliseconds", (value, inEnglish, inFrench) => {
  expect(plain(english.duration(value))).toBe(inEnglish);
  expect(plain(french.duration(value))).toBe(inFrench);
});

test.each([
  ["2026-11-22T13:59:48Z", "12 sec ago", "il y a 12 s"],
  ["2026-11-22T13:57:00Z", "3 min ago", "il y a 3 min"],
  ["2026-11-22T16:30:00Z", "in 2 hr", "dans 2 h"],
  ["2026-11-20T13:00:00Z", "2 days ago", "il y a 2 j"],
  ["2026-12-02T13:59:58Z", "in 10 days", "dans 10 j"],
])("%s", (time, inEnglish, inFrench) => {
  expect(plain(english.relative(new Date(time), now))).toBe(inEnglish);
  expect(plain(french.relative(new Date(time), now))).toBe(inFrench);
});

test.each([
  [["fr-CH", "en"], "fr"],
  [[null, undefined, "de", "EN-us"], "en"],
  [["de"], "en"],
  [[], "en"],
])("of the wishes %j, %s is spoken", (wishes, expected) => {
  expect(chosenLanguage(wishes)).toBe(expected);
});

test.each([
  ["en", 0, "0 messages"],
  ["en", 1, "1 message"],
  ["en", 1204, "1,204 messages"],
  ["fr", 0, "0 message"],
  ["fr", 2, "2 messages"],
])("in %s, %d is counted", (language, count, expected) => {
  expect(counted(language, count, { one: "# message", other: "# messages" })).toBe(expected);
});
