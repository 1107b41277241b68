import { expect, test } from "vitest";
import type { TestResult, TestStep } from "../../definitions/queries";
import { connections } from "../../i18n/en/connections";
import { formats } from "../../i18n/formats";
import { toldSteps } from "./steps";

function step(name: TestStep["step"], facts: Record<string, string>, fails?: string): TestStep {
  return {
    step: name,
    ok: fails === undefined,
    duration_ms: 84,
    facts: Object.entries(facts).map(([name, value]) => ({ name, value })),
    error: fails === undefined ? null : { kind: "connect", message: fails },
    hint: null,
  };
}

function told(url: string, steps: TestStep[]): string[] {
  const result: TestResult = { ok: false, verdict: "", method: "GET", url, steps };
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
