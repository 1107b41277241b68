// The picture itself. It is loaded only here: nothing else draws a graph.
import { useNavigate } from "@tanstack/react-router";
import { type EdgeTypes, type NodeTypes, Position, type Viewport } from "@xyflow/react";
import { useMemo } from "react";
import type { ProjectMap } from "../../api/types";
import { FlowPicture } from "../../design/FlowPicture";
import { placeOf } from "../../design/PlaceLink";
import { useWords } from "../../i18n/words";
import { midnight } from "../overview/days";
import { type Layout, layoutOf, NODE_HEIGHTS, NODE_WIDTH } from "./layout";
import styles from "./MapPicture.module.css";
import { type PlaceNode, PlaceOnMap } from "./PlaceOnMap";
import { type WayEdge, WayOnMap } from "./WayOnMap";
import { wayLinkOf } from "./wayLink";

const NODE_TYPES: NodeTypes = { place: PlaceOnMap };
const EDGE_TYPES: EdgeTypes = { way: WayOnMap };
const FARTHEST = 0.1;
/** Words cannot be read when they are drawn smaller; a large map is moved instead. */
const LEAST_READABLE = 0.65;
const MARGIN_PIXELS = 24;

interface MapPictureProps {
  project: string;
  map: ProjectMap;
}

export default function MapPicture({ project, map }: MapPictureProps) {
  const words = useWords().map;
  // Places move only when something was added or taken away, not with every count.
  const shape = JSON.stringify([
    map.nodes.map((node) => node.id),
    map.edges.map((edge) => [edge.from, edge.to]),
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for the map
  const layout = useMemo(() => layoutOf(map), [shape]);
  const nodes = useMemo(() => nodesOf(project, map, layout), [project, map, layout]);
  const all = words.allSources;
  const edges = useMemo(() => edgesOf(project, map, all), [project, map, all]);
  const navigate = useNavigate();
  const open = ({ data }: WayEdge) =>
    data === undefined
      ? undefined
      : void navigate({ to: placeOf(data.project, data.link.place), search: data.link.filters });
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
      onEdgeClick={(_, edge) => open(edge)}
    />
  );
}

/** As wide as there is room for, and no smaller than can be read; what is tall begins at its top. */
function firstView(layout: Layout, width: number, height: number): Viewport {
  const room = { width: width - 2 * MARGIN_PIXELS, height: height - 2 * MARGIN_PIXELS };
  const zoom = Math.min(1, Math.max(LEAST_READABLE, room.width / layout.width));
  const left = (width - layout.width * zoom) / 2;
  const top = (height - layout.height * zoom) / 2;
  return { zoom, x: Math.max(MARGIN_PIXELS, left), y: Math.max(MARGIN_PIXELS, top) };
}

function nodesOf(project: string, map: ProjectMap, layout: Layout): PlaceNode[] {
  return map.nodes.map(
    (node): PlaceNode => ({
      id: node.id,
      type: "place",
      position: layout.places.get(node.id) ?? { x: 0, y: 0 },
      sourcePosition: Position.Right,
      targetPosition: Position.Left,
      width: NODE_WIDTH,
      height: NODE_HEIGHTS[node.kind],
      data: { project, node },
    }),
  );
}

function edgesOf(project: string, map: ProjectMap, allSources: string): WayEdge[] {
  const nodes = new Map(map.nodes.map((node) => [node.id, node]));
  const today = midnight(new Date()).toISOString();
  return map.edges.flatMap((edge): WayEdge[] => {
    const from = nodes.get(edge.from);
    const to = nodes.get(edge.to);
    if (from === undefined || to === undefined) {
      return [];
    }
    const data = {
      project,
      from: from.kind === "any_source" ? allSources : from.name,
      to: to.name,
      link: wayLinkOf(from, to, today),
      today: edge.today,
      held: from.state === "paused" || to.state === "paused",
    };
    const id = `${edge.from} ${edge.to}`;
    return [{ id, type: "way", source: edge.from, target: edge.to, data }];
  });
}
