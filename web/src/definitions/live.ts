// Keeps what the pages of definitions show up to date: how things stand, and what others save.
import { useLiveLook } from "../api/useLiveLook";
import { definitionsKey } from "./queries";

export function useLiveDefinitions(project: string): void {
  useLiveLook([{ queryKey: definitionsKey(project) }]);
}
