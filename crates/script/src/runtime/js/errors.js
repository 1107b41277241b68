// What went wrong in a step, in the kinds that OpenFn has.
//
//   fail    AdaptorError, RuntimeError, JobError   the run goes on along its edges
//   crash   RuntimeCrash, ImportError
//   kill    SecurityError, OOMError (TimeoutError and StateTooLargeError are found outside)
//
// OpenFn tells an adaptor's error from a job's by the text of the stack, and so do we, by the names
// of our modules: the first frame that is of the job or of an adaptor decides. A package of npm is named by its
// place below `node_modules`.

import { isSpent } from "fieldpost:host";
import { toJson } from "fieldpost:text";

// The numbers are no longer than places of a job: a job may write its errors' stacks itself.
const frameOf = /\(?([^\s()]+):(\d{1,9}):(\d{1,9})\)?$/;

function framesOf(error) {
  const frames = [];
  for (const line of String(error?.stack ?? "").split("\n")) {
    const found = frameOf.exec(line);
    if (!found) continue;
    const [, path, row, column] = found;
    const file = path.replace(/^.*\/node_modules\/(?:@openfn\/)?/, "@openfn/");
    if (file.startsWith("fieldpost:") || file === "@openfn/runtime") break;
    // The engine names places of its own as well, such as one in the text that JSON.parse reads.
    if (file !== "job" && !file.startsWith("@openfn/")) continue;
    frames.push({ file, pos: { line: Number(row), column: Number(column) } });
  }
  return frames;
}

const inJob = ({ file }) => file === "job";

/** Where in the job an error came from. */
export function placeOf(error) {
  return framesOf(error).find(inJob)?.pos;
}

/** An error of the runtime's own making. */
export class StepError extends Error {
  constructor(name, severity, message, extras) {
    super(message);
    this.report = { source: "runtime", name, severity, message, ...extras };
  }
}

// Where no memory is left for the error itself, the engine throws it without its message, or throws null. A
// job may throw both as well, so whoever gives the memory is asked.
function isOutOfMemory(error) {
  if (error === null) return isSpent();
  if (error?.name !== "InternalError") return false;
  return error.message === "out of memory" || (error.message === "" && isSpent());
}

function detailsOf(error) {
  let own = {};
  try {
    own = JSON.parse(toJson(error) ?? "{}");
  } catch {
    // What cannot be written is not told.
  }
  return { message: error?.message, ...(typeof own === "object" ? own : {}) };
}

/**
 * An error that left an operation, if it was an adaptor's: it names the operation by its line in
 * the job where the job itself was not on the way, else the place in the job.
 */
export function ofAdaptor(error, operation) {
  const frames = framesOf(error);
  if (!frames.length || inJob(frames[0]) || error instanceof StepError) return undefined;
  if (isOutOfMemory(error)) return undefined;
  const place = frames.find(inJob)?.pos;
  return new StepError("AdaptorError", "fail", String(error.message ?? ""), {
    ...(place || !operation ? { pos: place } : { line: operation.line, operationName: operation.name }),
    details: detailsOf(error),
  });
}

/** The report of whatever a job threw, while this operation ran. */
export function reportOf(error, operation) {
  if (error instanceof StepError) return error.report;
  if (typeof error === "string") return thrown(error, error, operation);
  // What this engine calls internal, such as a text that is too long, is a range in others.
  const kind = String(error?.constructor?.name ?? "").replace("InternalError", "RangeError");
  const message = String(error?.message ?? "");
  if (isOutOfMemory(error)) {
    return report("OOMError", "kill", "Run exceeded maximum memory usage");
  }
  if (/RangeError|TypeError/.test(kind)) {
    return { ...report("RuntimeError", "fail", `${kind}: ${message}`), subtype: kind, pos: placeOf(error) };
  }
  if (error?.severity === "crash" || /ReferenceError|SyntaxError/.test(kind)) {
    const { fix } = error;
    return {
      ...report("RuntimeCrash", "crash", `${kind}: ${message}`),
      subtype: kind,
      pos: placeOf(error),
      fix: fix === undefined ? undefined : String(fix),
    };
  }
  if (kind === "EvalError") return report("SecurityError", "kill", "Illegal eval statement detected");
  return thrown(error, message, operation);
}

// An error knows its place. Of a text or a number that was thrown no more is known than the operation.
function thrown(error, message, operation) {
  const pos = placeOf(error);
  const { line, name } = (!pos && operation) || {};
  return { ...report("JobError", "fail", message), pos, line, operationName: name || undefined };
}

function report(name, severity, message) {
  return { source: "runtime", name, severity, message };
}
