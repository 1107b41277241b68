// What was done, in words. A hub that is newer than the page may note what it has no word for yet.
import type { Words } from "../../i18n/words";
import type { AuditEntry } from "./queries";

export type ActionName = keyof Words["audit"]["actions"];

export function actionNames(words: Words): ActionName[] {
  return Object.keys(words.audit.actions) as ActionName[];
}

/** What an entry tells. A dry run is noted as well, and must not look like the deed itself; what was
 *  refused again and again is one entry, which says how often. */
export function deedWord(words: Words, { action, detail }: AuditEntry): string {
  const { dry_run: dry, times } = detail as Record<string, unknown>;
  const deed = actionWord(words, action);
  const word = typeof times === "number" ? words.audit.times(deed, times) : deed;
  return dry === true || dry === "true" || dry === "1" ? words.audit.onlyLooked(word) : word;
}

/** Why it was done, in the words of whoever did it; null where nobody said. */
export function reasonOf({ detail }: Pick<AuditEntry, "detail">): string | null {
  const { reason } = detail as Record<string, unknown>;
  return typeof reason === "string" && reason !== "" ? reason : null;
}

/** The word for an action; the stable name itself, where there is none. */
export function actionWord(words: Words, action: string): string {
  const known = actionNames(words).find((name) => name === action);
  return known === undefined ? action : words.audit.actions[known];
}
