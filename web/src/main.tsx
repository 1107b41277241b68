// The beginning: words in the reader's language, then the page.
import "@mantine/core/styles.css";
import "./design/variables.css";
import "./design/page.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { schemeManager } from "./app/appearance";
import { queryClient } from "./app/queryClient";
import { newRouter } from "./app/router";
import { ConfirmProvider } from "./design/Confirm";
import { ToastProvider } from "./design/Toasts";
import { theme } from "./design/theme";
import { chosenLanguage, rememberedLanguage } from "./i18n/languages";
import { loadWords, WordsProvider } from "./i18n/words";

async function begin(root: HTMLElement) {
  const language = chosenLanguage([rememberedLanguage(), ...navigator.languages]);
  const words = await loadWords(language);
  const router = newRouter();
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        colorSchemeManager={schemeManager}
        withCssVariables={false}
        withGlobalClasses={false}
      >
        <WordsProvider language={language} words={words}>
          <QueryClientProvider client={queryClient}>
            <ToastProvider>
              <ConfirmProvider>
                <RouterProvider router={router} />
              </ConfirmProvider>
            </ToastProvider>
          </QueryClientProvider>
        </WordsProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root !== null) {
  void begin(root);
}
