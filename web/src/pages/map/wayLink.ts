// Where a way on the map leads: to what went along it today. Pure.
import type { MapNode } from "../../api/types";

/** A list of a project, with its filters. */
export interface WayLink {
  place: "messages" | "deliveries" | "runs";
  filters: Record<string, string>;
}

/** Into a forwarder go messages, out of it go deliveries; into a workflow and out of it go its runs. */
export function wayLinkOf(from: MapNode, to: MapNode, today: string): WayLink {
  if (to.kind === "workflow") {
    return { place: "runs", filters: { workflow: to.name, since: today } };
  }
  if (from.kind === "workflow") {
    return { place: "runs", filters: { workflow: from.name, state: "success", since: today } };
  }
  if (to.kind === "forwarder") {
    const source: Record<string, string> = from.kind === "source" ? { source: from.name } : {};
    return { place: "messages", filters: { ...source, since: today } };
  }
  return {
    place: "deliveries",
    filters: { forwarder: from.name, connection: to.name, since: today },
  };
}
