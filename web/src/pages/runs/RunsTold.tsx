// To which runs something was done, in words.
import { useFlowWords } from "../../i18n/flows";
import { useUsualTexts } from "../../lists/filterWords";
import { runFilters } from "./filterTexts";
import { runsSearch } from "./routes";

interface RunsToldProps {
  filter: Record<string, unknown>;
  /** What is said where nothing is filtered by. */
  none: string;
}

export function RunsTold({ filter, none }: RunsToldProps) {
  const words = useFlowWords();
  const search = runsSearch(filter);
  const texts = Object.values({ ...runFilters(search, words), ...useUsualTexts(search) });
  return texts.filter((text) => text !== undefined).join(" · ") || none;
}
