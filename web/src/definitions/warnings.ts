// What is allowed and likely to be regretted, in the reader's language: what it is, and what to do
// about it. The hub's own sentence stands below where it names more than the words do.
import { sentence } from "../design/ErrorNote";
import { known } from "../i18n/known";
import type { Words } from "../i18n/words";
import type { Mistake } from "./mistakes";

export interface ToldWarning {
  text: string;
  hint: string | null;
  /** The hub's own sentence. */
  exact: string | null;
}

/** Those of which the hub says more: an address, a length, what was answered. */
const WITH_FACTS: readonly string[] = [
  "notify-refused",
  "refused-network",
  "credentials-in-the-clear",
  "short-secret",
  "short-signing-secret",
];

export function warningTold(warning: Mistake, words: Words["definitions"]): ToldWarning {
  const { code, path, message, hint } = warning;
  const text = known(words.warningTexts, code);
  if (text === undefined) {
    return { text: sentence(message), hint: hint === null ? null : sentence(hint), exact: null };
  }
  const [, name = path] = path.split(".");
  return {
    text: text(name),
    hint: known(words.warningHints, code) ?? null,
    exact: WITH_FACTS.includes(code) ? message : null,
  };
}
