// A step in the picture: what it is called, what it works with, how it stands in the run that is
// watched. All of it is one button.
import { Handle, type Node, type NodeProps, Position, useReactFlow } from "@xyflow/react";
import { Plus, Zap } from "lucide-react";
import type { FocusEvent } from "react";
import { Shape, StateMark } from "../../design/StateMark";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { STEP_TONES } from "../runs/tones";
import styles from "./Canvas.module.css";
import type { GraphWords, StepStanding } from "./GraphView";

export type StepNode = Node<
  {
    title: string;
    isTrigger: boolean;
    about: string;
    isSelected: boolean;
    isMistaken: boolean;
    state: StepStanding | undefined;
    select: (id: string) => void;
    mayConnect: boolean;
    addAfter: (() => void) | undefined;
    words: GraphWords | undefined;
  },
  "step"
>;

const MOVE_MILLISECONDS = 120;

export function NodeOnCanvas({
  id,
  data,
  positionAbsoluteX,
  positionAbsoluteY,
  height,
  width,
}: NodeProps<StepNode>) {
  const words = useFlowWords();
  const graph = data.words ?? words.workflows.graph;
  const format = useFormat();
  const flow = useReactFlow();
  const { title, isTrigger, about, isSelected, isMistaken, state, mayConnect, addAfter } = data;
  // Whoever walks through the picture by keyboard sees where they are.
  const follow = (event: FocusEvent) => {
    if (event.target.matches(":focus-visible")) {
      const x = positionAbsoluteX + (width ?? 0) / 2;
      const y = positionAbsoluteY + (height ?? 0) / 2;
      void flow.setCenter(x, y, { zoom: flow.getZoom(), duration: MOVE_MILLISECONDS });
    }
  };
  return (
    <div className={styles.node} data-state={state?.state}>
      {!isTrigger && <Handle type="target" position={Position.Left} isConnectable={mayConnect} />}
      <button
        type="button"
        className={`${styles.face} nopan`}
        data-trigger={isTrigger || undefined}
        data-mistaken={isMistaken || undefined}
        aria-pressed={isSelected}
        onFocus={follow}
        onClick={() => data.select(id)}
      >
        {isTrigger && (
          <span className={styles.kind}>
            <Zap size={12} aria-hidden="true" /> {graph.trigger}
          </span>
        )}
        <span className={isTrigger ? styles.told : styles.name} title={title}>
          {title}
        </span>
        {!isTrigger && (
          <span className={styles.line}>
            <span className={styles.about}>{about}</span>
            {isMistaken ? (
              <Shape tone="bad" />
            ) : (
              state !== undefined && (
                <span className={styles.state}>
                  <StateMark tone={STEP_TONES[state.state]}>
                    {state.milliseconds === null
                      ? words.runs.stepStates[state.state]
                      : format.duration(state.milliseconds)}
                  </StateMark>
                  {state.times > 1 && <span> ×{format.number(state.times)}</span>}
                </span>
              )
            )}
          </span>
        )}
      </button>
      {addAfter !== undefined && (
        <button
          type="button"
          className={`${styles.add} nopan`}
          aria-label={isTrigger ? graph.addFirst : graph.addAfter(title)}
          title={isTrigger ? graph.addFirst : graph.addAfter(title)}
          onClick={addAfter}
        >
          <Plus size={12} aria-hidden="true" />
        </button>
      )}
      <Handle type="source" position={Position.Right} isConnectable={mayConnect} />
    </div>
  );
}
