// An incident in a sentence: whom it concerns, and since when or for how long. Pure.
import type { Incident } from "../../api/types";
import type { Formats } from "../../i18n/formats";
import type { Words } from "../../i18n/words";

type Told = Pick<Incident, "kind" | "subject" | "opened_at" | "recovered_at" | "recovering">;

/** How long it has lasted, or did. */
export function lastedMilliseconds(
  { opened_at, recovered_at }: Pick<Incident, "opened_at" | "recovered_at">,
  now: Date,
): number {
  const end = recovered_at === null ? now.getTime() : Date.parse(recovered_at);
  return Math.max(0, end - Date.parse(opened_at));
}

export function tellIncident(
  incident: Told,
  words: Words["incidents"]["told"],
  format: Formats,
  now: Date,
): string {
  const { kind, subject, opened_at, recovered_at, recovering } = incident;
  if (recovered_at !== null) {
    const time = format.duration(lastedMilliseconds(incident, now));
    const over = {
      connection: words.connectionOver,
      silence: words.silenceOver,
      call: words.callOver,
    };
    return over[kind](subject, time);
  }
  if (recovering !== null) {
    const minute = (at: string) => format.minute(new Date(at), now);
    const again = kind === "call" ? words.callRecovering : words.recovering;
    return again(subject, minute(recovering.worked_at), minute(recovering.over_at));
  }
  const opened = new Date(opened_at);
  if (kind === "silence") {
    return words.silence(subject, format.relative(opened, now));
  }
  return words[kind](subject, format.minute(opened, now));
}
