// The words of the page in the reader's language. English is the type: a language that lacks a
// word does not compile. A language is loaded when it is needed, before the page is drawn.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { en } from "./en";
import { type Formats, formats } from "./formats";
import { type Language, rememberLanguage } from "./languages";

/** The same keys, with any text: sentences that take values take the same ones. */
export type Translated<Area> = {
  [Key in keyof Area]: Area[Key] extends string
    ? string
    : Area[Key] extends (...values: infer Values) => string
      ? (...values: Values) => string
      : Translated<Area[Key]>;
};

export type Words = Translated<typeof en>;

export function loadWords(language: Language): Promise<Words> {
  switch (language) {
    case "en":
      return import("./en").then((module) => module.en);
    case "fr":
      return import("./fr").then((module) => module.fr);
  }
}

interface Spoken {
  language: Language;
  words: Words;
  format: Formats;
  speak: (language: Language) => Promise<void>;
}

const SpokenContext = createContext<Spoken | null>(null);

interface WordsProviderProps {
  language: Language;
  words: Words;
  children: ReactNode;
}

export function WordsProvider({ language, words, children }: WordsProviderProps) {
  const [current, setCurrent] = useState({ language, words });
  useEffect(() => {
    document.documentElement.lang = current.language;
  }, [current.language]);
  const spoken = useMemo<Spoken>(
    () => ({
      ...current,
      format: formats(current.language),
      speak: async (next) => {
        const loaded = await loadWords(next);
        rememberLanguage(next);
        setCurrent({ language: next, words: loaded });
      },
    }),
    [current],
  );
  return <SpokenContext.Provider value={spoken}>{children}</SpokenContext.Provider>;
}

function useSpoken(): Spoken {
  const spoken = useContext(SpokenContext);
  if (spoken === null) {
    throw new Error("words are used outside of WordsProvider");
  }
  return spoken;
}

export const useWords = (): Words => useSpoken().words;
export const useFormat = (): Formats => useSpoken().format;

/** The language that is spoken, and the way to change it. */
export function useLanguage(): Pick<Spoken, "language" | "speak"> {
  return useSpoken();
}
