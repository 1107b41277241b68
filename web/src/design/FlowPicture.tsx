// A graph as a picture that is moved and looked at from nearer: the map of a project, the steps of a
// workflow. It brings the library that draws it: whoever shows one loads it only there.
import "@xyflow/react/dist/base.css";
import { ActionIcon } from "@mantine/core";
import {
  type Edge,
  type Node,
  Panel,
  ReactFlow,
  type ReactFlowProps,
  ReactFlowProvider,
  useReactFlow,
  type Viewport,
} from "@xyflow/react";
import { Maximize, Minus, Plus } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import styles from "./FlowPicture.module.css";

const NEAREST = 1.5;
const MOVE_MILLISECONDS = 120;

export interface FlowWords {
  nearer: string;
  farther: string;
  whole: string;
  /** What React Flow says of the picture to those who do not see it. */
  flow: ReactFlowProps["ariaLabelConfig"];
}

type OfReactFlow<N extends Node, E extends Edge> = Pick<
  ReactFlowProps<N, E>,
  "nodes" | "edges" | "nodeTypes" | "edgeTypes" | "onEdgeClick" | "onConnect" | "isValidConnection"
>;

interface FlowPictureProps<N extends Node, E extends Edge> extends OfReactFlow<N, E> {
  label: string;
  words: FlowWords;
  className: string | undefined;
  /** How much of it can be seen at once. */
  farthest: number;
  /** What is seen at first, of so much room. */
  firstView: (width: number, height: number) => Viewport;
}

export function FlowPicture<N extends Node, E extends Edge>(props: FlowPictureProps<N, E>) {
  const { label, words, className, farthest, firstView, ...rest } = props;
  const frame = useRef<HTMLElement>(null);
  const [viewport, setViewport] = useState<Viewport | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the first view is ours to choose
  useLayoutEffect(() => {
    const { clientWidth = 0, clientHeight = 0 } = frame.current ?? {};
    setViewport(firstView(clientWidth, clientHeight));
  }, []);
  return (
    <section ref={frame} className={`${styles.frame} ${className ?? ""}`} aria-label={label}>
      {viewport !== null && (
        <ReactFlowProvider>
          <ReactFlow
            {...rest}
            defaultViewport={viewport}
            minZoom={farthest}
            maxZoom={NEAREST}
            nodesDraggable={false}
            nodesConnectable={rest.onConnect !== undefined}
            nodesFocusable={false}
            edgesFocusable={false}
            elementsSelectable={false}
            // The wheel scrolls the page; with Ctrl, or two fingers, it changes the size.
            zoomOnScroll={false}
            preventScrolling={false}
            ariaLabelConfig={words.flow}
            attributionPosition="bottom-left"
          >
            <Controls words={words} />
          </ReactFlow>
        </ReactFlowProvider>
      )}
    </section>
  );
}

function Controls({ words }: { words: FlowWords }) {
  const flow = useReactFlow();
  const moving = { duration: MOVE_MILLISECONDS };
  const buttons = [
    { word: words.nearer, icon: Plus, press: () => flow.zoomIn(moving) },
    { word: words.farther, icon: Minus, press: () => flow.zoomOut(moving) },
    { word: words.whole, icon: Maximize, press: () => flow.fitView(moving) },
  ];
  return (
    <Panel position="bottom-right" className={styles.controls}>
      {buttons.map(({ word, icon: Icon, press }) => (
        <ActionIcon
          key={word}
          variant="default"
          size="lg"
          aria-label={word}
          title={word}
          onClick={() => void press()}
        >
          <Icon size={16} aria-hidden="true" />
        </ActionIcon>
      ))}
    </Panel>
  );
}
