// Where the steps of a workflow stand in its picture: from the trigger at the left, as a run goes.
// Pure.
import { Graph, layout } from "@dagrejs/dagre";
import { type Flow, TRIGGER } from "./graph";

export const NODE_WIDTH = 208;
export const NODE_HEIGHT = 72;
const BETWEEN_ROWS = 24;
const BETWEEN_COLUMNS = 88;

export interface Place {
  x: number;
  y: number;
}

export interface Layout {
  places: Map<string, Place>;
  /** The places that a way goes by which leads past other steps, by `from to`. */
  ways: Map<string, Place[]>;
  width: number;
  height: number;
}

export function layoutOf({ steps, start }: Flow): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: BETWEEN_ROWS, ranksep: BETWEEN_COLUMNS });
  graph.setDefaultEdgeLabel(() => ({}));
  const size = { width: NODE_WIDTH, height: NODE_HEIGHT };
  graph.setNode(TRIGGER, { ...size });
  const known = new Set(steps.map(({ id }) => id));
  for (const { id } of steps) {
    graph.setNode(id, { ...size });
  }
  for (const { to } of start.filter(({ to }) => known.has(to))) {
    graph.setEdge(TRIGGER, to);
  }
  for (const { id, next } of steps) {
    for (const { to } of next.filter(({ to }) => known.has(to))) {
      graph.setEdge(id, to);
    }
  }
  layout(graph);
  const places = new Map<string, Place>();
  for (const id of [TRIGGER, ...known]) {
    const { x, y } = graph.node(id);
    places.set(id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 });
  }
  // Between neighbours a way needs no place to go by; its one is in the middle.
  const ways = new Map<string, Place[]>();
  for (const { v, w } of graph.edges()) {
    const by = graph.edge(v, w).points.slice(1, -1);
    if (by.length > 1) {
      ways.set(`${v} ${w}`, by);
    }
  }
  return {
    places,
    ways,
    width: Math.max(...[...places.values()].map(({ x }) => x)) + NODE_WIDTH,
    height: Math.max(...[...places.values()].map(({ y }) => y)) + NODE_HEIGHT,
  };
}
