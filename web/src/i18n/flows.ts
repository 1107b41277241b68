// The words of workflows and runs.
import type { flows as english } from "./en/flows";
import { laterWords } from "./laterWords";
import type { Translated, Words } from "./words";

export type FlowAreas = Translated<typeof english>;
export type FlowWords = Words & FlowAreas;

const later = laterWords<FlowAreas>({
  en: () => import("./en/flows").then(({ flows }) => flows),
  fr: () => import("./fr/flows").then(({ flows }) => flows),
});

export const withFlowWords = later.withThem;
export const useFlowWords = later.useThem;
