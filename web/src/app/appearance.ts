// Light or dark: as the system has it, or as the reader chose. The choice is kept where
// appearance.js finds it before the page is drawn.
import type { MantineColorScheme, MantineColorSchemeManager } from "@mantine/core";

const KEY = "fieldpost-scheme";

function isScheme(word: string | null): word is MantineColorScheme {
  return word === "light" || word === "dark" || word === "auto";
}

export const schemeManager: MantineColorSchemeManager = {
  get: (otherwise) => {
    try {
      const kept = localStorage.getItem(KEY);
      return isScheme(kept) ? kept : otherwise;
    } catch {
      return otherwise;
    }
  },
  set: (scheme) => {
    try {
      localStorage.setItem(KEY, scheme);
    } catch {
      // Where storage is forbidden the choice lasts as long as the page.
    }
  },
  subscribe: () => {},
  unsubscribe: () => {},
  clear: () => localStorage.removeItem(KEY),
};
