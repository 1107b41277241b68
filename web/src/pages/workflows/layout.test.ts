import { expect, test } from "vitest";
import { flowOf, TRIGGER } from "./graph";
import { layoutOf, NODE_HEIGHT, NODE_WIDTH } from "./layout";

const places = (definition: Parameters<typeof flowOf>[0]) => layoutOf(flowOf(definition));

test("a run goes from the left to the right", () => {
  const { places: at } = places({
    steps: { a: { next: { b: "always", c: "always" } }, b: { next: "d" }, c: { next: "d" }, d: {} },
  });
  const x = (id: string) => at.get(id)?.x ?? Number.NaN;
  expect(x(TRIGGER)).toBeLessThan(x("a"));
  expect(x("a")).toBeLessThan(x("b"));
  expect(x("b")).toBe(x("c"));
  expect(x("c")).toBeLessThan(x("d"));
});

test("no two stand on one another, loose ones included", () => {
  const { places: at } = places({ start: "a", steps: { a: {}, b: {}, c: { next: "a" }, d: {} } });
  const all = [...at.values()];
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      const apart =
        Math.abs(one.x - other.x) >= NODE_WIDTH || Math.abs(one.y - other.y) >= NODE_HEIGHT;
      expect(apart).toBe(true);
    }
  }
});

test("what leads nowhere is not drawn, and nothing breaks of it", () => {
  expect(places({ steps: { a: { next: "gone" } } }).places.size).toBe(2);
  expect(places({}).places.size).toBe(1);
});

test("a way that leads past a step goes around it", () => {
  const { ways, places: at } = places({
    steps: { a: { next: { b: "always", c: "always" } }, b: { next: "c" }, c: {} },
  });
  expect([...ways.keys()]).toEqual(["a c"]);
  const b = at.get("b");
  const past = ways.get("a c") ?? [];
  expect(past.every(({ y }) => b === undefined || y < b.y || y > b.y + NODE_HEIGHT)).toBe(true);
});

test("the words of a way have room between the steps that it joins", () => {
  const flow = flowOf({
    steps: {
      a: { next: { b: "state.data.age >= 18", c: "always" } },
      b: { next: { d: "on_job_failure" } },
      c: {},
      d: {},
    },
  });
  const text = "if state.data.age >= 18 && s…";
  const { places: at, words } = layoutOf(flow, ({ when }) => (when === "expression" ? text : ""));
  const [a, b] = [at.get("a"), at.get("b")];
  const place = words.get("a b");
  if (a === undefined || b === undefined || place === undefined) {
    throw new Error("they have no places");
  }
  // At 12 pixels, text takes about half of that for a letter.
  const half = (text.length * 6.5) / 2;
  expect(place.x - half).toBeGreaterThan(a.x + NODE_WIDTH);
  expect(place.x + half).toBeLessThan(b.x);
  expect([...words.keys()]).toEqual(["a b"]);
});
