import { expect, test } from "vitest";
import { labelFor } from "./labels";

test.each([
  [{ default: "Age" }, "Age"],
  [{ "English (en)": "Age", "French (fr)": "Âge" }, "Âge"],
  [{ en: "Age", "fr-CH": "Âge" }, "Âge"],
  [{ Swahili: "Umri", default: "Age" }, "Age"],
  [{ Swahili: "Umri", English: "Age" }, "Umri"],
  [{ Afrikaans: "Ouderdom", Français: "Âge" }, "Âge"],
  [{ default: "  " }, null],
  [{}, null],
])("of %o a reader of French gets %s", (labels: Record<string, string>, expected) => {
  expect(labelFor(labels, "fr")).toBe(expected);
});
