// The way in words: what a screen reader says of the drawing, and what stands beside a branch.
import type { Formats } from "../i18n/formats";
import type { Words } from "../i18n/words";
import type { Branch, Station, Way } from "./stations";

/** The word of a station, which tells its outcome too. */
export function stationWord(station: Station, words: Words["route"]): string {
  if (station.kind === "decoded" && station.tone === "failed") {
    return words.quarantined;
  }
  return station.kind === "kept" && station.tone === "aside"
    ? words.duplicate
    : words[station.kind];
}

/** The small print of a station: how many wanted it. */
export function stationNote(station: Station, words: Words["route"]): string | null {
  if (station.matches === null) {
    return null;
  }
  const { wanted, of } = station.matches;
  return wanted === 0 && station.tone === "aside" ? words.nobody : words.matches(wanted, of);
}

/** What comes next for a branch that waits; null for what is final. */
export function nextWords(
  branch: Branch,
  words: Words["route"],
  format: Formats,
  now: Date,
): string | null {
  if (branch.next === null) {
    return null;
  }
  const { at, because } = branch.next;
  const parts = because === null ? [] : [words.because[because]];
  if (at !== null) {
    const time = new Date(at);
    parts.push(
      time <= now && because === null ? words.now : words.next(format.relative(time, now)),
    );
  }
  return parts.join(" · ") || null;
}

/** All of it as one sentence. */
export function wayInWords(way: Way, words: Words, format: Formats, now: Date): string {
  const trunk = way.trunk.map((station) => {
    const at = station.at === null ? "" : ` ${format.clock(new Date(station.at), now)}`;
    const note = stationNote(station, words.route);
    const reason =
      station.tone === "failed" && station.reason !== null ? `: ${station.reason}` : "";
    return `${stationWord(station, words.route)}${at}${note === null ? "" : ` (${note})`}${reason}`;
  });
  const branches = way.branches.map((branch) => {
    const next = nextWords(branch, words.route, format, now);
    return [`${branch.connection} ${words.common.states[branch.state]}`, branch.reason, next]
      .filter((part) => part !== null)
      .join(", ");
  });
  return [trunk.join(", "), ...branches].join("; ");
}
