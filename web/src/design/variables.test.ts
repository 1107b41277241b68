// Mantine's variables as a file: `npm test -- -u` writes it anew after a change of the theme.
import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from "@mantine/core";
import { expect, test } from "vitest";
import { theme } from "./theme";

type Variables = Record<string, string>;

/** What our theme says otherwise than Mantine's own style sheet. */
function differing(ours: Variables, theirs: Variables): Variables {
  return Object.fromEntries(Object.entries(ours).filter(([name, value]) => theirs[name] !== value));
}

test("the variables are those of the theme", async () => {
  const ours = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  const theirs = defaultCssVariablesResolver(DEFAULT_THEME);
  const css = convertCssVariables(
    {
      variables: differing(ours.variables, theirs.variables),
      light: differing(ours.light, theirs.light),
      dark: differing(ours.dark, theirs.dark),
    },
    ":root",
  );
  const lines = css.replaceAll(/([;{}])\s*/g, "$1\n");
  const head = "/* @generated from theme.ts by variables.test.ts */\n";
  await expect(head + lines).toMatchFileSnapshot("./variables.css");
});
