// The picture of a workflow, for those who change it and for those who watch a run. It is loaded only
// where it is looked at; the same graph stands beside it as a list.
import {
  type Connection,
  type EdgeTypes,
  type NodeTypes,
  Position,
  type Viewport,
} from "@xyflow/react";
import { useCallback, useMemo } from "react";
import { FlowPicture } from "../../design/FlowPicture";
import { useFlowWords } from "../../i18n/flows";
import styles from "./Canvas.module.css";
import { type EdgeOnCanvas, WayOnCanvas } from "./EdgeOnCanvas";
import { edgeText, shortened } from "./edgeText";
import type { GraphProps } from "./GraphView";
import { edgesFrom, type FlowEdge, TRIGGER, targetsOf } from "./graph";
import { type Layout, layoutOf, lettersOf, NODE_HEIGHT, NODE_WIDTH } from "./layout";
import { NodeOnCanvas, type StepNode } from "./NodeOnCanvas";

const NODE_TYPES: NodeTypes = { step: NodeOnCanvas };
const EDGE_TYPES: EdgeTypes = { way: WayOnCanvas };
const FARTHEST = 0.2;
/** Words cannot be read when they are drawn smaller; a large workflow is moved instead. */
const LEAST_READABLE = 0.7;
const MARGIN_PIXELS = 32;

export default function Canvas(props: GraphProps) {
  const { flow, selected, select, connect } = props;
  const usual = useFlowWords().workflows.graph;
  const words = props.words ?? usual;
  const textOf = useCallback((edge: FlowEdge) => shortened(edgeText(edge, words)), [words]);
  const layout = useLayout(props, textOf);
  const nodes = useMemo(() => nodesOf(props, layout), [props, layout]);
  const edges = useMemo(() => edgesOf(props, layout, textOf), [props, layout, textOf]);
  const fits = ({ source, target }: Pick<Connection, "source" | "target">) =>
    targetsOf(flow, source === TRIGGER ? null : source).some(({ id }) => id === target);
  return (
    <FlowPicture
      label={words.picture}
      words={words}
      className={styles.frame}
      farthest={FARTHEST}
      firstView={(width, height) => firstView(layout, width, height)}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      isValidConnection={fits}
      onConnect={
        connect && (({ source, target }) => connect(source === TRIGGER ? null : source, target))
      }
      onEdgeClick={(_, { source }) => source !== selected && select(source)}
    />
  );
}

/** Places move only when steps come or go, or are joined otherwise; not with every letter. */
function useLayout({ flow }: GraphProps, textOf: (edge: FlowEdge) => string): Layout {
  const shapeOf = (edges: FlowEdge[]) => edges.map((edge) => [edge.to, lettersOf(textOf(edge))]);
  const shape = JSON.stringify([
    shapeOf(flow.start),
    flow.steps.map(({ id, next }) => [id, shapeOf(next)]),
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for the flow
  return useMemo(() => layoutOf(flow, textOf), [shape]);
}

/** As wide as there is room for, and no smaller than can be read. */
function firstView(layout: Layout, width: number, height: number): Viewport {
  const room = { width: width - 2 * MARGIN_PIXELS, height: height - 2 * MARGIN_PIXELS };
  const wanted = Math.min(room.width / layout.width, room.height / layout.height);
  const zoom = Math.min(1, Math.max(LEAST_READABLE, wanted));
  const top = (height - layout.height * zoom) / 2;
  return { zoom, x: MARGIN_PIXELS, y: Math.max(MARGIN_PIXELS, top) };
}

function nodesOf(props: GraphProps, layout: Layout): StepNode[] {
  const { flow, trigger, selected, select, states, mistaken, addAfter, connect } = props;
  const shared = { select, mayConnect: connect !== undefined, words: props.words };
  const node = (id: string, data: Omit<StepNode["data"], keyof typeof shared>): StepNode => ({
    id,
    type: "step",
    position: layout.places.get(id) ?? { x: 0, y: 0 },
    sourcePosition: Position.Right,
    targetPosition: Position.Left,
    width: NODE_WIDTH,
    height: NODE_HEIGHT,
    data: { ...data, ...shared },
  });
  return [
    node(TRIGGER, {
      title: trigger,
      isTrigger: true,
      about: "",
      isSelected: selected === TRIGGER,
      state: undefined,
      isMistaken: mistaken?.has(TRIGGER) === true,
      addAfter: addAfter && (() => addAfter(null)),
    }),
    ...flow.steps.map(({ id, title, adaptors, connection }) =>
      node(id, {
        title,
        isTrigger: false,
        about: [adaptors.join(", "), connection].filter(Boolean).join(" · "),
        isSelected: selected === id,
        state: states?.get(id),
        isMistaken: mistaken?.has(id) === true,
        addAfter: addAfter && (() => addAfter(id)),
      }),
    ),
  ];
}

function edgesOf(
  { flow, states }: GraphProps,
  layout: Layout,
  textOf: (edge: FlowEdge) => string,
): EdgeOnCanvas[] {
  const known = new Set(flow.steps.map(({ id }) => id));
  return [TRIGGER, ...known].flatMap((from) =>
    edgesFrom(flow, from === TRIGGER ? null : from)
      .filter(({ to }) => known.has(to))
      .map(
        (edge): EdgeOnCanvas => ({
          id: `${from} ${edge.to}`,
          type: "way",
          source: from,
          target: edge.to,
          data: {
            text: textOf(edge),
            by: layout.ways.get(`${from} ${edge.to}`) ?? [],
            wordsAt: layout.words.get(`${from} ${edge.to}`),
            isDisabled: edge.disabled,
            // A run went along where both ends have a state.
            isTaken: states?.has(edge.to) === true && (from === TRIGGER || states.has(from)),
          },
        }),
      ),
  );
}
