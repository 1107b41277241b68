import { describe, expect, test } from "vitest";
import type { MapNode, ProjectMap } from "../../api/types";
import { layoutOf, NODE_HEIGHTS, NODE_WIDTH } from "./layout";
import { waysOf } from "./ways";

function node(kind: MapNode["kind"], name: string): MapNode {
  return {
    id: `${kind}:${name}`,
    kind,
    name,
    title: "",
    state: "well",
    failing: false,
    today: 0,
    waiting: null,
    waiting_is_more: false,
    filter: null,
    on: null,
  };
}

/** So many workflows, set off by a source or by nothing, that use no connection, one or two. */
function withWorkflows(map: ProjectMap, workflows: number): ProjectMap {
  const ids = Array.from({ length: workflows }, (_, index) => `workflow:${index}`);
  const way = (from: string, to: string) => ({ from, to, today: 2 });
  return {
    ...map,
    nodes: [...map.nodes, ...ids.map((_, index) => node("workflow", `${index}`))],
    edges: [
      ...map.edges,
      ...ids.flatMap((id, index) => [
        ...(index % 2 === 0 ? [way("source:0", id)] : []),
        ...(index % 3 > 0 ? [way(id, "connection:0")] : []),
        ...(index % 3 > 1 ? [way(id, "connection:1")] : []),
      ]),
    ],
  };
}

/** So many forwarders, between a third as many sources and half as many connections. */
function mapOf(forwarders: number): ProjectMap {
  const sources = Math.ceil(forwarders / 3);
  const connections = Math.ceil(forwarders / 2);
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  return {
    today_since: "2026-01-31T00:00:00Z",
    nodes: [
      ...numbers(sources).map((index) => node("source", `${index}`)),
      node("any_source", "*"),
      node("source", "loose"),
      ...numbers(forwarders).map((index) => node("forwarder", `${index}`)),
      ...numbers(connections).map((index) => node("connection", `${index}`)),
    ],
    edges: numbers(forwarders).flatMap((index) => [
      {
        from: index % 5 === 4 ? "any_source:*" : `source:${index % sources}`,
        to: `forwarder:${index}`,
        today: index,
      },
      { from: `forwarder:${index}`, to: `connection:${index % connections}`, today: 1 },
    ]),
  };
}

describe.each([
  [1, 0],
  [5, 0],
  [60, 0],
  [3, 4],
  [5, 1],
  [8, 12],
  [60, 60],
])("with %i forwarders and %i workflows", (forwarders, workflows) => {
  const map = withWorkflows(mapOf(forwarders), workflows);
  const { places, width, height } = layoutOf(map);
  const boxes = map.nodes.map((each) => {
    const place = places.get(each.id);
    if (place === undefined) {
      throw new Error(`${each.id} has no place`);
    }
    return { ...place, id: each.id, kind: each.kind, height: NODE_HEIGHTS[each.kind] };
  });

  test("nothing lies on anything else", () => {
    for (const one of boxes) {
      for (const other of boxes) {
        const apart =
          one.id === other.id ||
          one.x !== other.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect(apart, `${one.id} and ${other.id}`).toBe(true);
      }
    }
  });

  test("each kind has its column, and all of it is within the picture", () => {
    const columns = (kinds: MapNode["kind"][]) =>
      new Set(boxes.filter((box) => kinds.includes(box.kind)).map((box) => box.x));
    expect(columns(["source", "any_source"])).toEqual(new Set([0]));
    expect(columns(["forwarder", "workflow"]).size).toBe(1);
    expect(columns(["connection"]).size).toBe(1);
    for (const box of boxes) {
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.x + NODE_WIDTH).toBeLessThanOrEqual(width);
      expect(box.y + box.height).toBeLessThanOrEqual(height);
    }
  });
});

test("a list has a way for each forwarder, with what came in and what arrived", () => {
  const { ways } = waysOf(mapOf(5));
  expect(ways.map((way) => way.from?.id)).toEqual([
    "source:0",
    "source:1",
    "source:0",
    "source:1",
    "any_source:*",
  ]);
  expect(ways.map((way) => [way.wanted, way.arrived])).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 1],
  ]);
});

test("a workflow has a way to each connection that it uses", () => {
  const { ways } = waysOf(withWorkflows(mapOf(3), 6));
  const by = (name: string) => ways.find((way) => way.by.id === `workflow:${name}`);
  expect(by("0")).toMatchObject({ from: { id: "source:0" }, to: [], wanted: 0, arrived: 0 });
  expect(by("1")).toMatchObject({ from: null, to: [{ id: "connection:0" }], arrived: 2 });
  expect(by("5")?.to.map(({ id }) => id)).toEqual(["connection:0", "connection:1"]);
});

test("what leads nowhere is told, unless somebody listens to all", () => {
  const map = mapOf(1);
  expect(waysOf(map).loose).toEqual([]);
  const alone = { ...map, nodes: map.nodes.filter(({ kind }) => kind !== "any_source") };
  expect(waysOf(alone).loose.map(({ id }) => id)).toEqual(["source:loose"]);
});
