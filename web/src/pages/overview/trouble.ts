// What is wrong in a project, the oldest trouble first: destinations that do not take what they
// are sent, then sources from which nothing comes.
import type { ConnectionHealth, Incident, Overview, SourceHealth } from "../../api/types";

export type Trouble = TroubledDestination | SilentSource;

export interface TroubledDestination {
  kind: "destination";
  name: string;
  since: string | null;
  /** What it answered last; null where no answer came. */
  status: number | null;
  /** Whether it was called last: the hub itself refuses to call some addresses. */
  called: boolean;
  health: ConnectionHealth;
}

export interface SilentSource {
  kind: "source";
  name: string;
  /** When the last message came; null where none ever did. */
  since: string | null;
  health: SourceHealth;
}

type Look = Pick<Overview, "connections" | "sources">;

export function troublesOf(look: Look, incidents: Incident[]): Trouble[] {
  const lasting = new Map(incidents.map((incident) => [incident.id, incident]));
  const destinations = look.connections
    .filter((health) => health.state === "in_trouble")
    .map((health): TroubledDestination => {
      const last = lasting.get(health.incident ?? "")?.last ?? null;
      return {
        kind: "destination",
        name: health.name,
        since: health.since,
        status: last?.status ?? null,
        called: last !== null && (last.status !== null || last.url !== null),
        health,
      };
    });
  const sources = look.sources
    .filter((health) => health.state === "silent")
    .map(
      (health): SilentSource => ({
        kind: "source",
        name: health.name,
        since: health.last_received_at,
        health,
      }),
    );
  return [...destinations.sort(older), ...sources.sort(older)];
}

/** Older trouble first; what has no time yet has only just begun. */
function older(one: Trouble, other: Trouble): number {
  if (one.since === null || other.since === null) {
    return Number(one.since === null) - Number(other.since === null);
  }
  return one.since.localeCompare(other.since);
}

const CONNECTION_RANKS: Record<ConnectionHealth["state"], number> = {
  in_trouble: 0,
  paused: 1,
  well: 2,
  idle: 3,
};
const SOURCE_RANKS: Record<SourceHealth["state"], number> = {
  silent: 0,
  well: 1,
  quiet: 2,
  never: 3,
};

/** Those in trouble first; among equals, the order of the project. */
export function destinationsInOrder(connections: ConnectionHealth[]): ConnectionHealth[] {
  return connections.toSorted(
    (one, other) => CONNECTION_RANKS[one.state] - CONNECTION_RANKS[other.state],
  );
}

export function sourcesInOrder(sources: SourceHealth[]): SourceHealth[] {
  return sources.toSorted((one, other) => SOURCE_RANKS[one.state] - SOURCE_RANKS[other.state]);
}

/** How many rows of a table stand there when it is folded: all in trouble, and some more. */
export function folded(total: number, inTrouble: number): number {
  const LONGEST = 12;
  const SHOWN = 8;
  return total <= LONGEST ? total : Math.max(SHOWN, inTrouble);
}
