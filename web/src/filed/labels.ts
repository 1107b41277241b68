// Labels of forms are written in the languages of their authors: `English (en)`, `fr`, `default`. The
// reader gets the one of their own language where the form has it.
import type { Language } from "../i18n/languages";

/** What a form calls a language where it has only one. */
const ONLY = "default";

const NAMES: Record<Language, readonly string[]> = {
  en: ["en", "eng", "english"],
  fr: ["fr", "fra", "fre", "french", "français", "francais"],
};

/** Whether a form's name of a language means this one: `fr`, `French`, `French (fr)`, `fr-CH`. */
function means(written: string, language: Language): boolean {
  return written
    .toLowerCase()
    .split(/[\s(),_-]+/)
    .some((part) => NAMES[language].includes(part));
}

/** The label for a reader; null where there is none. */
export function labelFor(
  labels: Readonly<Record<string, string>>,
  language: Language,
): string | null {
  const written = Object.keys(labels);
  const own = written.find((name) => means(name, language));
  const chosen = own ?? (written.includes(ONLY) ? ONLY : written[0]);
  const label = chosen === undefined ? undefined : labels[chosen]?.trim();
  return label === undefined || label === "" ? null : label;
}
