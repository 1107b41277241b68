// What is wrong in a project, the oldest trouble first: destinations that do not take what they
// are sent, then sources from which nothing comes, then calls of lifecycles that fail.
import type { ConnectionHealth, Incident, Overview, SourceHealth } from "../../api/types";
import { type Standing, standingOf, type Taken, takenBy } from "../../definitions/standing";

export type Trouble = TroubledDestination | SilentSource | FailingCall;

export interface TroubledDestination {
  kind: "destination";
  name: string;
  /** Since when it takes nothing, as far as that is known. */
  since: string | null;
  standing: TroubledStanding;
  taken: Taken;
  /** What it answered last; null where no answer came. */
  status: number | null;
  /** Whether it was called last: the hub itself refuses to call some addresses. */
  called: boolean;
  health: ConnectionHealth;
}

const TROUBLED = ["in_trouble", "failing", "paused_in_trouble"] as const;
export type TroubledStanding = (typeof TROUBLED)[number];

export const isTroubled = (standing: Standing): standing is TroubledStanding =>
  TROUBLED.some((each) => each === standing);

export interface SilentSource {
  kind: "source";
  name: string;
  /** When the last message came; null where none ever did. */
  since: string | null;
  health: SourceHealth;
}

export interface FailingCall {
  kind: "call";
  name: string;
  since: string;
  health: { incident: string; last_error: string | null };
}

type Look = Pick<Overview, "connections" | "sources">;

export function troublesOf(look: Look, incidents: Incident[]): Trouble[] {
  const lasting = new Map(incidents.map((incident) => [incident.id, incident]));
  const destinations = look.connections.flatMap((health): TroubledDestination[] => {
    const standing = standingOf(health);
    if (!isTroubled(standing)) {
      return [];
    }
    const last = lasting.get(health.incident ?? "")?.last ?? null;
    return [
      {
        kind: "destination",
        name: health.name,
        // Of what fails before there is an incident, it is known when it worked last.
        since: standing === "failing" ? health.last_delivered_at : health.since,
        standing,
        taken: takenBy(health),
        status: last?.status ?? null,
        called: last !== null && (last.status !== null || last.url !== null),
        health,
      },
    ];
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
  const calls = incidents
    .filter((incident) => incident.kind === "call")
    .map(
      (incident): FailingCall => ({
        kind: "call",
        name: incident.subject,
        since: incident.opened_at,
        health: { incident: incident.id, last_error: incident.last?.error ?? null },
      }),
    );
  return [...destinations.sort(older), ...sources.sort(older), ...calls.sort(older)];
}

/** Older trouble first; what has no time yet has only just begun. */
function older(one: Trouble, other: Trouble): number {
  if (one.since === null || other.since === null) {
    return Number(one.since === null) - Number(other.since === null);
  }
  return one.since.localeCompare(other.since);
}

const CONNECTION_RANKS: Record<Standing, number> = {
  in_trouble: 0,
  paused_in_trouble: 0,
  failing: 0,
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
export function destinationsInOrder<Row extends { standing: Standing }>(connections: Row[]): Row[] {
  return connections.toSorted(
    (one, other) => CONNECTION_RANKS[one.standing] - CONNECTION_RANKS[other.standing],
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
