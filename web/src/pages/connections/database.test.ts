import { expect, test } from "vitest";
import { secretsLeave } from "./authentication";
import { asDatabase, databaseOf, fittingDestination, isDatabase, urlOfDatabase } from "./database";

test.each([
  ["postgres://db.example.org/registry", "db.example.org", "registry", true],
  [
    "postgresql://db.example.org:5433/registry?sslmode=require",
    "db.example.org:5433",
    "registry",
    true,
  ],
  ["postgres://[::1]:5433/registry?sslmode=disable", "[::1]:5433", "registry", false],
  ["postgres:///", "", "", true],
])("%s has its parts", (url, host, name, isSecure) => {
  expect(databaseOf(url)).toEqual({ host, name, isSecure });
});

test.each(["https://db.example.org/registry", "postgres://db/registry?connect_timeout=3", ""])(
  "%j is shown as it is",
  (url) => {
    expect(databaseOf(url)).toBeNull();
  },
);

test("the parts make the URL", () => {
  const parts = { host: " db.example.org ", name: "registry", isSecure: true };
  expect(urlOfDatabase(parts)).toBe("postgres://db.example.org/registry");
  expect(urlOfDatabase({ ...parts, isSecure: false })).toBe(
    "postgres://db.example.org/registry?sslmode=disable",
  );
});

test("a service that becomes a database keeps its user and loses what signs requests", () => {
  const url = "postgres://db/registry";
  const service = { url: "https://a", auth: { basic: { username: "hub" } }, signing_secret: "s" };
  expect(fittingDestination(asDatabase(service, url))).toEqual({
    url,
    auth: { basic: { username: "hub" } },
  });
  expect(asDatabase({ auth: { bearer: { token: "t" } } }, url)).toEqual({
    url,
    auth: { basic: {} },
  });
  expect(fittingDestination(service)).toEqual(service);
});

test.each([
  ["postgres://db/registry", "postgres://db/other", false],
  ["postgres://db/registry", "postgres://db:5433/registry", true],
  ["postgres://db/registry", "postgres://elsewhere/registry", true],
  ["https://a/x", "https://a/y", false],
  ["https://a/x", "http://a/x", true],
])("from %s to %s secrets leave: %s", (before, after, expected) => {
  expect(secretsLeave({ url: before }, { url: after })).toBe(expected);
});

test.each([
  ["postgres://db.example.org/registry", true],
  ["POSTGRESQL://db.example.org/registry", true],
  ["https://postgres.example.org", false],
])("%s is of a database: %s", (url, expected) => {
  expect(isDatabase(url)).toBe(expected);
});
