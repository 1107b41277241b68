// What the picture and the list say of a place in the same way: its link, its state, what waits.
import type { MapNode } from "../../api/types";
import { type Place, PlaceLink } from "../../design/PlaceLink";
import { StateMark, type Tone } from "../../design/StateMark";
import { known } from "../../i18n/known";
import { useFormat, useWords, type Words } from "../../i18n/words";

type State = keyof Words["map"]["states"];

const TONES: Record<State, Tone> = {
  well: "well",
  silent: "bad",
  quiet: "ended",
  never: "quiet",
  in_trouble: "bad",
  failing: "bad",
  last_run_failed: "bad",
  paused: "waiting",
  idle: "ended",
};

const PLACES: Record<MapNode["kind"], Place> = {
  source: "sources",
  any_source: "sources",
  forwarder: "forwarders",
  workflow: "workflows",
  connection: "connections",
};

interface NodeLinkProps {
  project: string;
  node: MapNode;
  className?: string;
}

/** Leads to the page of the place, where it is edited. */
export function NodeLink({ project, node, className }: NodeLinkProps) {
  const words = useWords().map;
  const all = node.kind === "any_source";
  return (
    <PlaceLink
      project={project}
      place={PLACES[node.kind]}
      name={all ? undefined : node.name}
      className={className}
    >
      {all ? words.allSources : node.title || node.name}
    </PlaceLink>
  );
}

/** How a place is: that all its tries fail, or its last run did, is told where no stronger word is. */
export function stateOf({
  kind,
  state,
  failing,
}: Pick<MapNode, "kind" | "state" | "failing">): string {
  if (!failing || (state !== "well" && state !== "idle")) {
    return state;
  }
  return kind === "workflow" ? "last_run_failed" : "failing";
}

export function NodeState({ node }: { node: MapNode }) {
  const words = useWords().map.states;
  const state = stateOf(node);
  // The hub may learn a state before the page does.
  if (!isState(state)) {
    return <StateMark tone="quiet">{state}</StateMark>;
  }
  return <StateMark tone={TONES[state]}>{words[state]}</StateMark>;
}

function isState(state: string): state is State {
  return state in TONES;
}

/** What waits for a connection, or of a workflow; nothing where nothing does. */
export function NodeWaiting({ node }: { node: MapNode }) {
  const words = useWords().map;
  const format = useFormat();
  const { waiting, waiting_is_more: more } = node;
  if (waiting === null || waiting === 0) {
    return null;
  }
  const told = `${format.number(waiting)}${more ? "+" : ""}`;
  return node.kind === "workflow" ? words.goOn(told, waiting) : words.waiting(told, waiting);
}

/** What stands between sources and connections. */
export const isBetween = ({ kind }: MapNode): boolean =>
  kind === "forwarder" || kind === "workflow";

/** What a forwarder or a workflow wants: everything of its event, or what its filter asks for. */
export function wantedBy({ on, filter }: MapNode, words: Words["map"]): string {
  if (!filter) {
    return known(words.everything, on) ?? on ?? "";
  }
  return known(words.some, on)?.(filter) ?? filter;
}
