// Which languages there are, and which one a reader gets: the account's, else the one chosen on
// this device, else the browser's.

export const LANGUAGES = ["en", "fr"] as const;
export type Language = (typeof LANGUAGES)[number];

const KEY = "fieldpost-language";

export function isLanguage(word: string | null | undefined): word is Language {
  return LANGUAGES.some((language) => language === word);
}

/** The first of the wishes that there are words for. Wishes are tags such as `fr-CH`. */
export function chosenLanguage(wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const language = wish?.split("-")[0]?.toLowerCase();
    if (isLanguage(language)) {
      return language;
    }
  }
  return "en";
}

export function rememberedLanguage(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Where storage is forbidden the choice lasts as long as the page.
  }
}
