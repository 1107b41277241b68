// Words that only some pages say. There are many of them, so they are loaded with the pages that do, in the
// language of the reader.
import { use, useMemo } from "react";
import type { Language } from "./languages";
import { useLanguage, useWords, type Words } from "./words";

type Load<Areas> = Readonly<Record<Language, () => Promise<Areas>>>;

interface LaterWords<Areas> {
  /** A page together with the words that it says, so that it is drawn once. */
  withThem: <Page>(page: Promise<Page>) => Promise<Page>;
  /** All words, these among them. */
  useThem: () => Words & Areas;
}

export function laterWords<Areas>(load: Load<Areas>): LaterWords<Areas> {
  const loading = new Map<Language, Promise<Areas>>();
  const loaded = (language: Language): Promise<Areas> => {
    const begun = loading.get(language) ?? load[language]();
    loading.set(language, begun);
    // What could not be loaded is asked for again.
    begun.catch(() => loading.delete(language));
    return begun;
  };
  return {
    withThem: async (page) => {
      const language: Language = document.documentElement.lang === "fr" ? "fr" : "en";
      const [there] = await Promise.all([page, loaded(language)]);
      return there;
    },
    useThem: () => {
      const words = useWords();
      const { language } = useLanguage();
      const areas = use(loaded(language));
      return useMemo(() => ({ ...words, ...areas }), [words, areas]);
    },
  };
}
