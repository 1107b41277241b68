// Keeps what the pages of definitions show up to date: how things stand, and what others save.
import { useLiveLook } from "../api/useLiveLook";
import { definitionsKey } from "./queries";

export function useLiveDefinitions(project: string): void {
  // How things stand is counted, and counts follow later.
  useLiveLook([{ queryKey: definitionsKey(project) }], { counts: true });
}
