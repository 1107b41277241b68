// What was done, in words. A hub that is newer than the page may note what it has no word for yet.
import type { Words } from "../../i18n/words";

export type ActionName = keyof Words["audit"]["actions"];

export function actionNames(words: Words): ActionName[] {
  return Object.keys(words.audit.actions) as ActionName[];
}

/** The word for an action; the stable name itself, where there is none. */
export function actionWord(words: Words, action: string): string {
  const known = actionNames(words).find((name) => name === action);
  return known === undefined ? action : words.audit.actions[known];
}
