// Where a way on the map leads: to what went along it today. Pure.
import type { MapNode } from "../../api/types";

/** A list of a project, with its filters. */
export interface WayLink {
  place: "messages" | "deliveries";
  filters: Record<string, string>;
}

/** Into a forwarder go messages, out of it go deliveries. */
export function wayLinkOf(from: MapNode, to: MapNode, today: string): WayLink {
  if (to.kind === "forwarder") {
    const source: Record<string, string> = from.kind === "source" ? { source: from.name } : {};
    return { place: "messages", filters: { ...source, since: today } };
  }
  return {
    place: "deliveries",
    filters: { forwarder: from.name, connection: to.name, since: today },
  };
}
