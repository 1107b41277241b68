import { expect, test } from "vitest";
import type { MapNode } from "../../api/types";
import { wayLinkOf } from "./wayLink";

const node = (kind: MapNode["kind"], name: string): MapNode => ({
  id: `${kind} ${name}`,
  kind,
  name,
  title: "",
  state: "well",
  failing: false,
  today: 0,
  filter: null,
  on: null,
  waiting: null,
  waiting_is_more: false,
});
const TODAY = "2026-03-01T23:00:00.000Z";

test.each([
  [node("source", "kobo"), "messages", { source: "kobo", since: TODAY }],
  [node("any_source", "any"), "messages", { since: TODAY }],
])("into a forwarder go the messages of %o", (from, place, filters) => {
  expect(wayLinkOf(from, node("forwarder", "births"), TODAY)).toEqual({ place, filters });
});

test("into a workflow and out of it go its runs", () => {
  const workflow = node("workflow", "register");
  expect(wayLinkOf(node("source", "kobo"), workflow, TODAY)).toEqual({
    place: "runs",
    filters: { workflow: "register", since: TODAY },
  });
  expect(wayLinkOf(workflow, node("connection", "dhis2"), TODAY)).toEqual({
    place: "runs",
    filters: { workflow: "register", state: "success", since: TODAY },
  });
});

test("out of a forwarder go its deliveries", () => {
  expect(wayLinkOf(node("forwarder", "births"), node("connection", "dhis2"), TODAY)).toEqual({
    place: "deliveries",
    filters: { forwarder: "births", connection: "dhis2", since: TODAY },
  });
});
