// What the hub says when it does not give what was asked for (`application/problem+json`), as an
// error that pages can show: the sentence, the stable code and what to do about it.
import type { components } from "./schema";

export type ProblemDocument = components["schemas"]["Problem"];

export class Problem extends Error {
  readonly document: ProblemDocument;
  /** Seconds after which the hub asks to be tried again. */
  readonly retryAfter: number | null;

  constructor(document: ProblemDocument, retryAfter: number | null = null) {
    super(document.detail);
    this.name = "Problem";
    this.document = document;
    this.retryAfter = retryAfter;
  }

  get status(): number {
    return this.document.status;
  }

  get code(): string {
    return this.document.code;
  }
}

/** Refusals that stay what they are however often the same is asked. */
const FINAL_STATUSES = [403, 404, 410];

export const isFinal = (error: unknown): boolean =>
  error instanceof Problem && FINAL_STATUSES.includes(error.status);

/** The code of a request that had no answer at all: the hub is away, or the line is. */
export const NO_ANSWER = "no-answer";

/** Reads what came instead of an answer. Proxies answer in HTML; that becomes a problem too. */
export function problemOf(body: unknown, response: Response): Problem {
  const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const retryAfter = Number.isFinite(seconds) ? seconds : null;
  if (isProblemDocument(body)) {
    return new Problem(body, retryAfter);
  }
  return new Problem(
    {
      type: "about:blank",
      title: response.statusText,
      status: response.status,
      detail: `${response.status} ${response.statusText}`.trim(),
      code: "unexpected-answer",
      hint: null,
    },
    retryAfter,
  );
}

/** Whatever was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  const text = error instanceof Error ? error.message : String(error);
  return new Problem({
    type: "about:blank",
    title: "",
    status: 0,
    detail: text,
    code: error instanceof TypeError ? NO_ANSWER : "page-error",
    hint: null,
  });
}

function isProblemDocument(body: unknown): body is ProblemDocument {
  return (
    typeof body === "object" &&
    body !== null &&
    "code" in body &&
    typeof body.code === "string" &&
    "detail" in body &&
    typeof body.detail === "string"
  );
}
