// The map as a list: the ways that messages can take, one for each forwarder and each workflow, and what
// leads nowhere yet.
import type { MapNode, ProjectMap } from "../../api/types";

export interface MapWay {
  from: MapNode | null;
  /** The forwarder or the workflow. */
  by: MapNode;
  /** One of a forwarder; of a workflow as many as its steps use. */
  to: MapNode[];
  /** What was wanted today, and what arrived of it; of a workflow its runs, and those that ended well. */
  wanted: number;
  arrived: number;
}

export interface MapWays {
  ways: MapWay[];
  /** Sources that nothing listens to, and connections that nothing is sent to. */
  loose: MapNode[];
}

export function waysOf(map: ProjectMap): MapWays {
  const nodes = new Map(map.nodes.map((node) => [node.id, node]));
  const touched = new Set(map.edges.flatMap((edge) => [edge.from, edge.to]));
  const ways = map.nodes
    .filter(({ kind }) => kind === "forwarder" || kind === "workflow")
    .map((by): MapWay => {
      const into = map.edges.find((edge) => edge.to === by.id);
      const out = map.edges.filter((edge) => edge.from === by.id);
      return {
        from: nodes.get(into?.from ?? "") ?? null,
        by,
        to: out.flatMap((edge) => nodes.get(edge.to) ?? []),
        wanted: by.kind === "workflow" ? by.today : (into?.today ?? by.today),
        arrived: out[0]?.today ?? 0,
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
