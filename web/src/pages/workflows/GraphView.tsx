// The graph of a workflow, or of the lifecycle of a form: as a picture, or as a list, which a phone shows first and which is read
// aloud. Both tell and do the same.
import { useMediaQuery } from "@mantine/hooks";
import { lazy, Suspense, useState } from "react";
import { type FlowWords, useFlowWords } from "../../i18n/flows";
import { ListSkeleton } from "../../lists/ListParts";
import type { StepState } from "../runs/types";
import { GraphList } from "./GraphList";
import styles from "./GraphView.module.css";
import type { Flow } from "./graph";

/** It brings the library that draws graphs: the list is there before. */
const Canvas = lazy(() => import("./Canvas"));

const NARROW = "(max-width: 720px)";
const VIEWS = ["picture", "list"] as const;

/** How a step stands in the run that is watched. */
export interface StepStanding {
  state: StepState;
  milliseconds: number | null;
  /** How often it was begun. */
  times: number;
}

export type GraphWords = FlowWords["workflows"]["graph"];

export interface GraphProps {
  flow: Flow;
  /** What is said of it, where it is no workflow. */
  words?: GraphWords;
  /** What the list of it is called, where it is no workflow. */
  listLabel?: string;
  /** What sets it off, in a few words. */
  trigger: string;
  /** The step that is open; `TRIGGER` for what sets it off. */
  selected: string | null;
  select: (id: string) => void;
  states?: ReadonlyMap<string, StepStanding>;
  /** Steps in which something is wrong. */
  mistaken?: ReadonlySet<string>;
  /** Adds a step behind another, or at the start; only for those who change it. */
  addAfter?: (step: string | null) => void;
  connect?: (from: string | null, to: string) => void;
}

export function GraphView(props: GraphProps) {
  const words = useFlowWords();
  const graph = props.words ?? words.workflows.graph;
  const narrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false });
  const [chosen, setChosen] = useState<(typeof VIEWS)[number] | null>(null);
  const view = chosen ?? (narrow ? "list" : "picture");
  return (
    <div className={styles.graph}>
      <div className={styles.bar}>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be drawn as one */}
        <div role="group" aria-label={graph.view} className={styles.views}>
          {VIEWS.map((each) => (
            <button
              key={each}
              type="button"
              className={styles.view}
              aria-pressed={each === view}
              onClick={() => setChosen(each)}
            >
              {graph.views[each]}
            </button>
          ))}
        </div>
        {props.connect !== undefined && view === "picture" && props.flow.steps.length > 1 && (
          <span className={styles.hint}>{graph.hint}</span>
        )}
      </div>
      {view === "list" ? (
        <GraphList {...props} />
      ) : (
        <Suspense fallback={<ListSkeleton label={words.common.loading} />}>
          <Canvas {...props} />
        </Suspense>
      )}
    </div>
  );
}
