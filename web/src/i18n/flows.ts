// The words of workflows and runs. There are many of them, and no other page says them: they are loaded
// with the pages that do.
import { use, useMemo } from "react";
import type { flows as english } from "./en/flows";
import type { Language } from "./languages";
import { type Translated, useLanguage, useWords, type Words } from "./words";

export type FlowAreas = Translated<typeof english>;
export type FlowWords = Words & FlowAreas;

const loading = new Map<Language, Promise<FlowAreas>>();

function loadFlowWords(language: Language): Promise<FlowAreas> {
  const begun =
    loading.get(language) ??
    (language === "fr" ? import("./fr/flows") : import("./en/flows")).then(({ flows }) => flows);
  loading.set(language, begun);
  // What could not be loaded is asked for again.
  begun.catch(() => loading.delete(language));
  return begun;
}

/** A page together with the words that it says, so that it is drawn once. */
export async function withFlowWords<Page>(page: Promise<Page>): Promise<Page> {
  const language: Language = document.documentElement.lang === "fr" ? "fr" : "en";
  const [loaded] = await Promise.all([page, loadFlowWords(language)]);
  return loaded;
}

/** All words, those of workflows and runs among them. */
export function useFlowWords(): FlowWords {
  const words = useWords();
  const { language } = useLanguage();
  const areas = use(loadFlowWords(language));
  return useMemo(() => ({ ...words, ...areas }), [words, areas]);
}
