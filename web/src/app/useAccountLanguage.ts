// The account's language is the page's: whichever device its user comes from, and after a reload.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { sessionQuery } from "../api/session";
import { isLanguage } from "../i18n/languages";
import { useLanguage } from "../i18n/words";

export function useAccountLanguage(): void {
  const { language: spoken, speak } = useLanguage();
  const language = useQuery(sessionQuery).data?.user?.language;
  // Who chooses another language in this page is heard at once: only what the account says anew
  // changes it again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    if (isLanguage(language) && language !== spoken) {
      void speak(language);
    }
  }, [language]);
}
