// What a shorter retention erases at once.
import type { components } from "../../api/schema";

export type Erases = components["schemas"]["Erases"];

export const erasesSomething = ({ messages, bodies, attempts }: Erases) =>
  messages + bodies + attempts > 0;
