// What a test of a connection found out, step by step, as people say it.
import type { TestResult, TestStep } from "../../definitions/queries";
import { sentence } from "../../design/ErrorNote";
import type { Formats } from "../../i18n/formats";
import { known } from "../../i18n/known";
import type { Words } from "../../i18n/words";

export const STEPS: readonly TestStep["step"][] = [
  "url",
  "dns",
  "tcp",
  "tls",
  "authentication",
  "request",
];

/** A step as it is told; `reached` is false for those behind the one that failed. */
export interface ToldStep {
  step: TestStep["step"];
  reached: boolean;
  ok: boolean;
  sentence: string;
  found: TestStep | null;
}

export function factOf(step: TestStep, name: string): string | null {
  return step.facts.find((fact) => fact.name === name)?.value ?? null;
}

type TestWords = Words["connections"]["test"];

export function toldSteps(result: TestResult, words: TestWords, format: Formats): ToldStep[] {
  const names = result.steps.map((step) => step.step);
  const last = Math.max(...names.map((name) => STEPS.indexOf(name)));
  return STEPS.flatMap((name, index): ToldStep[] => {
    const found = result.steps.find((step) => step.step === name);
    if (found !== undefined) {
      const sentence = found.ok ? wellOf(found, words, format) : failureOf(found, words);
      return [{ step: name, reached: true, ok: found.ok, sentence, found }];
    }
    // Plain HTTP has no certificate to look at; a step that was left out is not told.
    const leftOut = index < last || (name === "tls" && isInTheClear(result.url));
    return leftOut
      ? []
      : [{ step: name, reached: false, ok: false, sentence: words.noStep, found: null }];
  });
}

const isInTheClear = (url: string): boolean =>
  url.startsWith("http:") || url.includes("sslmode=disable");

/** What it comes to. */
export function verdictOf(result: TestResult, words: TestWords, format: Formats): string {
  const request = result.steps.find((step) => step.step === "request");
  if (result.ok && request !== undefined && factOf(request, "version") !== null) {
    return words.databaseVerdict(factOf(request, "may make tables") !== "no");
  }
  const verdict = known(words.verdicts, result.verdict_code);
  return verdict === undefined
    ? sentence(result.verdict)
    : verdict(format.duration(request?.duration_ms ?? 0), result.method);
}

/** What to do about a step; null where nothing is to be done. */
export function hintOf(step: TestStep, method: string, words: TestWords): string | null {
  const hint = known(words.hints, step.hint_code);
  if (hint !== undefined) {
    return hint({ method, days: Number(factOf(step, "days left")) });
  }
  if (step.hint !== null) {
    return sentence(step.hint);
  }
  return step.ok ? null : words.todos[step.step];
}

function wellOf(step: TestStep, words: TestWords, format: Formats): string {
  const fact = (name: string) => factOf(step, name);
  switch (step.step) {
    case "url":
      return words.well.url(
        `${fact("scheme") ?? ""}://${fact("host") ?? ""}:${fact("port") ?? ""}`,
      );
    case "dns":
      return fact("lookup") === null ? words.well.dns(fact("address") ?? "") : words.well.dnsNone;
    case "tcp":
      return words.well.tcp(fact("connected to") ?? "");
    case "tls": {
      const until = fact("valid until");
      return until === null ? words.well.tlsSkipped : words.well.tls(dayOf(until, format));
    }
    case "authentication":
      return authenticated(step, words);
    case "request": {
      const took = format.duration(step.duration_ms);
      const version = fact("version");
      return version === null
        ? words.well.request(fact("status") ?? "", took)
        : words.well.database(version, took);
    }
  }
}

function authenticated(step: TestStep, words: TestWords): string {
  const user = factOf(step, "user");
  if (user !== null) {
    return words.well.signedInAs(user);
  }
  if (factOf(step, "token") !== null || factOf(step, "challenge") !== null) {
    return words.well.authentication;
  }
  return factOf(step, "kind") === "none"
    ? words.well.authenticationNone
    : words.well.authenticationReady;
}

function failureOf(step: TestStep, words: TestWords): string {
  const status = step.step === "request" ? factOf(step, "status") : null;
  return status === null ? words.failed[step.step] : words.failed.requestStatus(status);
}

function dayOf(text: string, format: Formats): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : format.exact(time);
}
