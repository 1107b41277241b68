// Where the steps of a workflow stand in its picture: from the trigger at the left, as a run goes.
// Pure.
import { Graph, layout } from "@dagrejs/dagre";
import { type Flow, type FlowEdge, TRIGGER } from "./graph";

export const NODE_WIDTH = 208;
export const NODE_HEIGHT = 72;
const BETWEEN_ROWS = 24;
const BETWEEN_COLUMNS = 88;
/** A letter of the words at a way, at their size: a text of many broad letters comes near it. */
const LETTER_WIDTH = 6.8;
/** Room for words grows by so many letters at once, so that steps stand still while somebody types. */
const LETTERS_AT_ONCE = 14;
const WORDS_PADDING = 12;
const WORDS_HEIGHT = 20;
/** What is seen of a way beside its words. */
const BESIDE_WORDS = 32;

export interface Place {
  x: number;
  y: number;
}

export interface Layout {
  places: Map<string, Place>;
  /** The places that a way goes by which leads past other steps or has words, by `from to`. */
  ways: Map<string, Place[]>;
  /** Where the words of a way stand: in the middle of this place, with room for all of them. */
  words: Map<string, Place>;
  width: number;
  height: number;
}

/** How many letters there is room for at a way. */
export const lettersOf = (text: string) =>
  Math.ceil(text.length / LETTERS_AT_ONCE) * LETTERS_AT_ONCE;

/** What a way needs beside what is between two columns anyway; nothing where it has no words. */
function roomFor(text: string) {
  const wanted = lettersOf(text) * LETTER_WIDTH + WORDS_PADDING + BESIDE_WORDS;
  const width = Math.max(1, wanted - BETWEEN_COLUMNS);
  return text === "" ? {} : { width, height: WORDS_HEIGHT, labelpos: "c" };
}

/** The text of an edge is what stands at its way; it has its own room, so that no step covers it. */
export function layoutOf(
  { steps, start }: Flow,
  textOf: (edge: FlowEdge) => string = () => "",
): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: BETWEEN_ROWS, ranksep: BETWEEN_COLUMNS });
  graph.setDefaultEdgeLabel(() => ({}));
  const size = { width: NODE_WIDTH, height: NODE_HEIGHT };
  graph.setNode(TRIGGER, { ...size });
  const known = new Set(steps.map(({ id }) => id));
  for (const { id } of steps) {
    graph.setNode(id, { ...size });
  }
  const join = (from: string, edges: FlowEdge[]) => {
    for (const edge of edges.filter(({ to }) => known.has(to))) {
      graph.setEdge(from, edge.to, roomFor(textOf(edge)));
    }
  };
  join(TRIGGER, start);
  for (const { id, next } of steps) {
    join(id, next);
  }
  layout(graph);
  const places = new Map<string, Place>();
  for (const id of [TRIGGER, ...known]) {
    const { x, y } = graph.node(id);
    places.set(id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 });
  }
  // Between neighbours a way needs no place to go by; its one is in the middle.
  const ways = new Map<string, Place[]>();
  const words = new Map<string, Place>();
  for (const { v, w } of graph.edges()) {
    const { points, x, y } = graph.edge(v, w);
    const by = points.slice(1, -1);
    if (x !== undefined && y !== undefined) {
      words.set(`${v} ${w}`, { x, y });
    }
    if (by.length > 1 || x !== undefined) {
      ways.set(`${v} ${w}`, by);
    }
  }
  return {
    places,
    ways,
    words,
    width: Math.max(...[...places.values()].map(({ x }) => x)) + NODE_WIDTH,
    height: Math.max(...[...places.values()].map(({ y }) => y)) + NODE_HEIGHT,
  };
}
