// The words of the forms that a project defines, and of the roles and people in them.
import type { ownForms as english } from "./en/ownForms";
import { laterWords } from "./laterWords";
import type { Translated, Words } from "./words";

export type OwnFormAreas = Translated<typeof english>;
export type OwnFormWords = Words & OwnFormAreas;

const later = laterWords<OwnFormAreas>({
  en: () => import("./en/ownForms").then(({ ownForms }) => ownForms),
  fr: () => import("./fr/ownForms").then(({ ownForms }) => ownForms),
});

export const withOwnFormWords = later.withThem;
export const useOwnFormWords = later.useThem;
