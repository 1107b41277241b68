// The map as a list: the ways that messages can take, one for each forwarder, and what leads
// nowhere yet.
import type { MapNode, ProjectMap } from "../../api/types";

export interface MapWay {
  from: MapNode | null;
  forwarder: MapNode;
  to: MapNode | null;
  /** What the forwarder wanted today, and what arrived of it. */
  wanted: number;
  arrived: number;
}

export interface MapWays {
  ways: MapWay[];
  /** Sources that no forwarder listens to, and connections that none sends to. */
  loose: MapNode[];
}

export function waysOf(map: ProjectMap): MapWays {
  const nodes = new Map(map.nodes.map((node) => [node.id, node]));
  const touched = new Set(map.edges.flatMap((edge) => [edge.from, edge.to]));
  const ways = map.nodes
    .filter((node) => node.kind === "forwarder")
    .map((forwarder): MapWay => {
      const into = map.edges.find((edge) => edge.to === forwarder.id);
      const out = map.edges.find((edge) => edge.from === forwarder.id);
      return {
        from: nodes.get(into?.from ?? "") ?? null,
        forwarder,
        to: nodes.get(out?.to ?? "") ?? null,
        wanted: into?.today ?? forwarder.today,
        arrived: out?.today ?? 0,
      };
    });
  // Who listens to all sources listens to each of them.
  const listened = map.nodes.some((node) => node.kind === "any_source");
  const loose = map.nodes.filter(
    (node) =>
      !touched.has(node.id) &&
      (node.kind === "connection" || (node.kind === "source" && !listened)),
  );
  return { ways, loose };
}
