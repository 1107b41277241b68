import { expect, test } from "vitest";
import { type Mistake, sortMistakes } from "./mistakes";

const mistake = (path: string): Mistake => ({
  path,
  code: "wrong-value",
  message: path,
  hint: null,
});

test.each([
  ["connections.a.url", "url"],
  ["connections.a.auth.basic.password", "auth.basic.password"],
  ["connections.a.auth.basic.username", "auth"],
  ["connections.a.notify[0]", "notify"],
  ["connections.a.notify[1].url", "notify"],
  ["connections.a.urls", null],
  ["connections.ab.url", null],
  ["forwarders.a.headers.x", null],
  ["connections.a", null],
])("the mistake at %s is shown by %s", (path, field) => {
  const { byField, rest } = sortMistakes([mistake(path)], "connections.a", [
    "url",
    "auth",
    "auth.basic.password",
    "notify",
  ]);
  expect([...byField.keys()]).toEqual(field === null ? [] : [field]);
  expect(rest).toHaveLength(field === null ? 1 : 0);
});
