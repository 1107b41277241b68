import { expect, test } from "vitest";
import type { ConnectionHealth, Incident, SourceHealth } from "../../api/types";
import { destinationsInOrder, folded, troublesOf } from "./trouble";

function connection(name: string, changed: Partial<ConnectionHealth>): ConnectionHealth {
  return {
    name,
    last_delivered_at: null,
    last_failed_at: null,
    failing: false,
    today: 0,
    failed_today: 0,
    waiting: 0,
    waiting_is_more: false,
    oldest_waiting_since: null,
    next_try_at: null,
    state: "well",
    since: null,
    incident: null,
    recovering: null,
    pause: null,
    last_error: null,
    warnings: [],
    ...changed,
  };
}

function source(name: string, changed: Partial<SourceHealth>): SourceHealth {
  return {
    name,
    dialect: "kobo",
    enabled: true,
    last_received_at: null,
    today: 0,
    state: "well",
    incident: null,
    since: null,
    ...changed,
  };
}

const incident = (id: string, status: number | null, url: string | null): Incident => ({
  id,
  kind: "connection",
  subject: "any",
  state: "open",
  opened_at: "2026-01-31T14:02:00Z",
  recovered_at: null,
  failures: 3,
  given_up: 0,
  reminded_at: null,
  recovering: null,
  paused_by: null,
  last: {
    at: "2026-01-31T14:03:00Z",
    error: "",
    status,
    url,
    delivery: null,
    payload_id: null,
    key: null,
    submission: null,
  },
});

test("where all is well there is no trouble", () => {
  const look = {
    connections: [connection("a", {}), connection("b", { state: "paused" })],
    sources: [source("s", { state: "quiet" }), source("t", { state: "never" })],
  };
  expect(troublesOf(look, [])).toEqual([]);
});

test("destinations come before sources, the oldest first, what has just begun last", () => {
  const look = {
    connections: [
      connection("new", { state: "in_trouble" }),
      connection("late", { state: "in_trouble", since: "2026-01-31T15:00:00Z" }),
      connection("early", { state: "in_trouble", since: "2026-01-31T14:00:00Z" }),
    ],
    sources: [source("silent", { state: "silent", last_received_at: "2026-01-30T14:00:00Z" })],
  };
  const names = troublesOf(look, []).map((trouble) => trouble.name);
  expect(names).toEqual(["early", "late", "new", "silent"]);
});

test("a call that fails comes last, with its incident", () => {
  const call = { ...incident("2", 422, null), kind: "call" as const, subject: "request/new/send" };
  const look = {
    connections: [],
    sources: [source("silent", { state: "silent", last_received_at: "2026-01-30T14:00:00Z" })],
  };
  expect(troublesOf(look, [call, incident("1", 503, null)])).toMatchObject([
    { kind: "source" },
    { kind: "call", name: "request/new/send", since: call.opened_at, health: { incident: "2" } },
  ]);
});

test.each([
  ["answered", 503, "http://a/", { status: 503, called: true }],
  ["did not answer", null, "http://a/", { status: null, called: true }],
  ["was not called", null, null, { status: null, called: false }],
])("a destination that %s", (_name, status, url, told) => {
  const look = {
    connections: [connection("a", { state: "in_trouble", incident: "1" })],
    sources: [],
  };
  expect(troublesOf(look, [incident("1", status, url)])[0]).toMatchObject(told);
});

test("without its incident nothing is claimed about an answer", () => {
  const look = { connections: [connection("a", { state: "in_trouble" })], sources: [] };
  expect(troublesOf(look, [])[0]).toMatchObject({ status: null, called: false });
});

test("a pause does not hide an incident that lasts", () => {
  const since = "2026-01-31T14:02:00Z";
  const paused = connection("a", { state: "paused", incident: "1", since });
  expect(
    troublesOf({ connections: [paused], sources: [] }, [incident("1", 503, "http://a/")]),
  ).toMatchObject([{ name: "a", standing: "paused_in_trouble", since }]);
});

test("a destination at which every try fails is in trouble before its incident is", () => {
  const last = "2026-01-31T14:02:00Z";
  const look = {
    connections: [connection("a", { failing: true, last_delivered_at: last })],
    sources: [],
  };
  expect(troublesOf(look, [])).toMatchObject([{ standing: "failing", since: last }]);
});

test("an incident that lasts does not deny what has arrived since", () => {
  const at = "2026-01-31T14:05:00Z";
  const since = "2026-01-31T14:02:00Z";
  const health = {
    state: "in_trouble" as const,
    incident: "1",
    since,
    last_delivered_at: at,
    recovering: { worked_at: at, over_at: "2026-01-31T14:15:00Z" },
  };
  const look = { connections: [connection("a", health)], sources: [] };
  expect(troublesOf(look, [incident("1", 503, "http://a/")])).toMatchObject([{ taken: "again" }]);
});

test("those in trouble stand first, and others keep the order of the project", () => {
  const connections = [
    { name: "one", standing: "well" as const },
    { name: "two", standing: "idle" as const },
    { name: "three", standing: "in_trouble" as const },
    { name: "four", standing: "well" as const },
    { name: "five", standing: "paused" as const },
    { name: "six", standing: "failing" as const },
  ];
  const names = destinationsInOrder(connections).map((each) => each.name);
  expect(names).toEqual(["three", "six", "five", "one", "four", "two"]);
});

test.each([
  [5, 0, 5],
  [12, 0, 12],
  [13, 0, 8],
  [30, 3, 8],
  [30, 20, 20],
])("of %i rows with %i in trouble, %i are shown", (total, inTrouble, shown) => {
  expect(folded(total, inTrouble)).toBe(shown);
});
