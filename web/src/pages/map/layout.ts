// Where everything stands in the picture: sources at the left, forwarders and workflows in the middle,
// connections at the right, in an order in which few ways cross.
import { Graph, layout } from "@dagrejs/dagre";
import type { MapNode, ProjectMap } from "../../api/types";

export const NODE_WIDTH = 248;
const BETWEEN_ROWS = 16;
const BETWEEN_COLUMNS = 128;

export const NODE_HEIGHTS: Record<MapNode["kind"], number> = {
  source: 64,
  any_source: 64,
  forwarder: 88,
  workflow: 88,
  connection: 88,
};

export interface Place {
  x: number;
  y: number;
}

export interface Layout {
  places: Map<string, Place>;
  width: number;
  height: number;
}

export function layoutOf(map: ProjectMap): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: BETWEEN_ROWS, ranksep: BETWEEN_COLUMNS });
  graph.setDefaultEdgeLabel(() => ({}));
  const touched = new Set(map.edges.flatMap((edge) => [edge.from, edge.to]));
  for (const node of map.nodes.filter(({ id }) => touched.has(id))) {
    graph.setNode(node.id, { width: NODE_WIDTH, height: NODE_HEIGHTS[node.kind] });
  }
  for (const edge of map.edges) {
    graph.setEdge(edge.from, edge.to);
  }
  // A workflow may have nothing on one of its sides: what is not seen stands there, so that it is in the
  // middle column for the layout as well.
  for (const { id, kind } of map.nodes.filter(({ id }) => touched.has(id))) {
    if (kind === "forwarder" || kind === "workflow") {
      if (!map.edges.some(({ to }) => to === id)) {
        graph.setNode(`before ${id}`, { width: NODE_WIDTH, height: 0 });
        graph.setEdge(`before ${id}`, id);
      }
      if (!map.edges.some(({ from }) => from === id)) {
        graph.setNode(`behind ${id}`, { width: NODE_WIDTH, height: 0 });
        graph.setEdge(id, `behind ${id}`);
      }
    }
  }
  layout(graph);
  // What has no way yet stands in the column of its kind all the same, below the others.
  const columns = { source: 0, any_source: 0, forwarder: 1, workflow: 1, connection: 2 };
  const places = new Map<string, Place>();
  const feet = [0, 0, 0];
  const put = (node: MapNode, y: number) => {
    const column = columns[node.kind];
    places.set(node.id, { x: column * (NODE_WIDTH + BETWEEN_COLUMNS), y });
    feet[column] = Math.max(feet[column] ?? 0, y + NODE_HEIGHTS[node.kind] + BETWEEN_ROWS);
  };
  for (const node of map.nodes.filter(({ id }) => touched.has(id))) {
    put(node, graph.node(node.id).y - NODE_HEIGHTS[node.kind] / 2);
  }
  for (const node of map.nodes.filter(({ id }) => !touched.has(id))) {
    put(node, feet[columns[node.kind]] ?? 0);
  }
  const top = Math.min(...[...places.values()].map(({ y }) => y));
  for (const place of places.values()) {
    place.y -= top;
  }
  const used = Math.max(0, ...map.nodes.map((node) => columns[node.kind]));
  return {
    places,
    width: (used + 1) * NODE_WIDTH + used * BETWEEN_COLUMNS,
    height: Math.max(0, ...feet) - top - BETWEEN_ROWS,
  };
}
