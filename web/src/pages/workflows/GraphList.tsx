// The graph in words: each step with what it works with, how it stands, and what follows it.
import { Button } from "@mantine/core";
import { ArrowRight, Plus } from "lucide-react";
import { StateMark } from "../../design/StateMark";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { STEP_TONES } from "../runs/tones";
import { edgeText } from "./edgeText";
import type { GraphProps } from "./GraphView";
import styles from "./GraphView.module.css";
import { type FlowEdge, inOrder, TRIGGER } from "./graph";

export function GraphList(props: GraphProps) {
  const { flow, trigger, states, mistaken } = props;
  const words = useFlowWords();
  const graph = props.words ?? words.workflows.graph;
  const format = useFormat();
  const led = new Set(
    [flow.start, ...flow.steps.map(({ next }) => next)].flat().map(({ to }) => to),
  );
  return (
    <ol className={styles.list} aria-label={props.listLabel ?? words.workflows.page.steps}>
      <Item {...props} id={TRIGGER} title={graph.trigger} about={trigger} next={flow.start} first />
      {inOrder(flow).map(({ id, title, adaptors, connection, next }) => {
        const state = states?.get(id);
        return (
          <Item
            key={id}
            {...props}
            id={id}
            title={title}
            about={[adaptors.join(", "), connection].filter(Boolean).join(" · ")}
            next={next}
            isLoose={!led.has(id)}
            mark={
              mistaken?.has(id) === true ? (
                <StateMark tone="bad">{words.workflows.editor.problems(1)}</StateMark>
              ) : (
                state && (
                  <StateMark tone={STEP_TONES[state.state]}>
                    {words.runs.stepStates[state.state]}
                    {state.milliseconds !== null && ` · ${format.duration(state.milliseconds)}`}
                    {state.times > 1 && ` ×${format.number(state.times)}`}
                  </StateMark>
                )
              )
            }
          />
        );
      })}
    </ol>
  );
}

interface ItemProps extends GraphProps {
  id: string;
  title: string;
  about: string;
  next: FlowEdge[];
  first?: boolean;
  isLoose?: boolean;
  mark?: React.ReactNode;
}

function Item(props: ItemProps) {
  const { flow, id, title, about, next, first, isLoose, mark, selected, select, addAfter } = props;
  const usual = useFlowWords().workflows.graph;
  const words = props.words ?? usual;
  const titleOf = (step: string) => flow.steps.find((each) => each.id === step)?.title ?? step;
  return (
    <li className={styles.item} data-selected={selected === id || undefined}>
      <div className={styles.line}>
        <button
          type="button"
          className={styles.name}
          aria-pressed={selected === id}
          onClick={() => select(id)}
        >
          {title}
        </button>
        <span className={styles.quiet}>{about}</span>
        <span className={styles.end}>{mark}</span>
      </div>
      <ul className={styles.next}>
        {isLoose && <li className={styles.warning}>{words.loose}</li>}
        {next.map((edge) => (
          <li key={edge.to}>
            <ArrowRight size={12} aria-hidden="true" /> {titleOf(edge.to)}{" "}
            <span className={styles.quiet}>{edgeText(edge, words)}</span>
          </li>
        ))}
        {next.length === 0 && (
          <li className={styles.quiet}>{first ? words.noSteps : words.ends}</li>
        )}
        {addAfter !== undefined && (
          <li>
            <Button
              variant="subtle"
              size="compact-xs"
              leftSection={<Plus size={12} />}
              onClick={() => addAfter(first ? null : id)}
            >
              {first ? words.addFirst : words.addAfter(title)}
            </Button>
          </li>
        )}
      </ul>
    </li>
  );
}
