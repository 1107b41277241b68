import { expect, test } from "vitest";
import type { TestResult, TestStep } from "../../definitions/queries";
import { connections } from "../../i18n/en/connections";
import { formats } from "../../i18n/formats";
import { hintOf, toldSteps, verdictOf } from "./steps";

function step(name: TestStep["step"], facts: Record<string, string>, fails?: string): TestStep {
  return {
    step: name,
    ok: fails === undefined,
    duration_ms: 84,
    facts: Object.entries(facts).map(([name, value]) => ({ name, value })),
    error: fails === undefined ? null : { kind: "connect", message: fails },
    hint: null,
    hint_code: null,
  };
}

function told(url: string, steps: TestStep[]): string[] {
  const result: TestResult = {
    ok: false,
    verdict: "",
    verdict_code: "failed",
    method: "GET",
    url,
    steps,
  };
  return toldSteps(result, connections.test, formats("en")).map(
    ({ step, ok, sentence }) => `${ok ? "✓" : "✗"} ${step}: ${sentence}`,
  );
}

const address = step("url", { scheme: "https", host: "a.example", port: "443" });
const name = step("dns", { address: "198.51.100.7" });

test("a way that was gone to its end is told step by step", () => {
  expect(
    told("https://a.example/hook", [
      address,
      name,
      step("tcp", { "connected to": "198.51.100.7:443" }),
      step("tls", { verification: "skipped" }),
      step("authentication", { kind: "oauth2_client", token: "obtained" }),
      step("request", { status: "405" }, "405 Method Not Allowed"),
    ]),
  ).toEqual([
    "✓ url: The address can be used: https://a.example:443",
    "✓ dns: Name resolved: 198.51.100.7",
    "✓ tcp: Connected to 198.51.100.7:443",
    "✓ tls: Encrypted, but the certificate was not looked at",
    "✓ authentication: Signed in",
    "✗ request: Answered 405",
  ]);
});

test("what lies behind the step that failed was not reached", () => {
  expect(told("https://a.example/hook", [address, step("dns", {}, "no such name")])).toEqual([
    "✓ url: The address can be used: https://a.example:443",
    "✗ dns: The name was not resolved",
    "✗ tcp: not reached",
    "✗ tls: not reached",
    "✗ authentication: not reached",
    "✗ request: not reached",
  ]);
});

test("plain HTTP has no certificate to look at", () => {
  const steps = told("http://127.0.0.1/hook", [
    step("url", { scheme: "http", host: "127.0.0.1", port: "80" }),
    step("dns", { address: "127.0.0.1", lookup: "none" }),
    step("tcp", {}, "refused"),
  ]);
  expect(steps).toEqual([
    "✓ url: The address can be used: http://127.0.0.1:80",
    "✓ dns: There is no name to resolve",
    "✗ tcp: Nobody answers there",
    "✗ authentication: not reached",
    "✗ request: not reached",
  ]);
});

test("what to do is told by its code, with what the step has found out", () => {
  const hint = (changed: Partial<TestStep>, facts: Record<string, string> = {}) =>
    hintOf({ ...step("request", facts, "404"), ...changed }, "GET", connections.test);
  expect(hint({ hint_code: "check-path", hint: "in English" })).toBe(
    "There is nothing at this path: check the address.",
  );
  expect(hint({ hint_code: "try-post" })).toContain("do not know GET");
  expect(hint({ hint_code: "renew-certificate", ok: true }, { "days left": "1" })).toBe(
    "The certificate ends in 1 day: have it renewed.",
  );
  expect(hint({ hint_code: "newer-than-the-page", hint: "wait" })).toBe("Wait.");
  expect(hint({})).toBe(connections.test.todos.request);
  expect(hint({ ok: true })).toBeNull();
});

test("the verdict is told by its code", () => {
  const verdict = (code: string) =>
    verdictOf(
      {
        ok: true,
        verdict: "so it is",
        verdict_code: code,
        method: "GET",
        url: "https://a.example",
        steps: [step("request", { status: "200" })],
      },
      connections.test,
      formats("en"),
    );
  expect(verdict("reached")).toContain("as far as GET shows: answered in 84\u00a0ms");
  expect(verdict("newer-than-the-page")).toBe("So it is.");
});

test("the way to a database ends with what it is, and whether tables can be made", () => {
  const steps = (may: string) => [
    step("url", { scheme: "postgres", host: "db.example", port: "5432", database: "registry" }),
    name,
    step("tcp", { "connected to": "198.51.100.7:5432" }),
    step("authentication", { user: "hub" }),
    step("request", { statement: "SELECT 1", version: "16.2", "may make tables": may }),
  ];
  const url = "postgres://db.example/registry?sslmode=disable";
  expect(told(url, steps("yes"))).toEqual([
    "✓ url: The address can be used: postgres://db.example:5432",
    "✓ dns: Name resolved: 198.51.100.7",
    "✓ tcp: Connected to 198.51.100.7:5432",
    "✓ authentication: Signed in as hub",
    expect.stringMatching(/^✓ request: PostgreSQL 16\.2 answered in 84\sms$/),
  ]);
  expect(told(url, steps("yes").slice(0, 2))).not.toContainEqual(expect.stringContaining("tls"));
  const verdict = (may: string) => {
    const result: TestResult = {
      ...{ ok: true, verdict: "", verdict_code: "reached", method: "GET", url },
      steps: steps(may),
    };
    return verdictOf(result, connections.test, formats("en"));
  };
  expect(verdict("yes")).toBe("It works: rows can be written, and tables made.");
  expect(verdict("no")).toBe("It works, but no tables can be made there.");
});
