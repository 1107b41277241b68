// One step: a state in, the operations of a job in their order, a state out.

import { closeEval, openGlobals } from "fieldpost:globals";
import { StepError, ofAdaptor, reportOf } from "fieldpost:errors";
import { say } from "fieldpost:console";
import { now } from "fieldpost:host";
import { hold } from "fieldpost:moment";
import { toJson } from "fieldpost:text";

const { parse } = JSON;
const { isArray } = Array;
const nothing = Symbol("the operation before returned nothing");

/** The state that a step begins with, from what comes in and what its definition adds. */
export function assemble(input, configuration, defaults = {}, credentials = {}) {
  const state = { ...defaults, ...input };
  const data = input?.data;
  state.configuration = { ...credentials, ...input?.configuration, ...configuration };
  state.data = data && (isArray(data) || typeof data !== "object") ? data : { ...defaults.data, ...data };
  return state;
}

// Each operation is given what the one before returned; one that returned nothing passes on an
// empty state, and a word of warning.
function guarded(operation, index, operations, failed) {
  return async (state) => {
    const started = now();
    if (typeof state === "object" && state?.[nothing]) {
      delete state[nothing];
      say.warn(
        `WARNING: No state was passed into operation ${index + 1}. Did the previous operation return state?`,
      );
    }
    let result;
    try {
      result = await operation(state);
    } catch (error) {
      failed.operation ??= operations[index];
      throw ofAdaptor(error, operations[index]) ?? error;
    }
    say.debug(`Operation ${index + 1} complete in ${Math.round(now() - started)}ms`);
    return result || { [nothing]: true };
  };
}

const inSeries = (...operations) => (state) =>
  operations.reduce((before, operation) => before.then(operation), Promise.resolve(state));

// What Node.js has of its own. Nobody can install it, and a job has neither files nor a network.
const OF_NODE = new Set(
  ("assert buffer child_process cluster crypto dgram dns events fs https module net os path process querystring " +
    "readline stream timers tls url util v8 vm worker_threads zlib").split(" "),
);

// How what could not be imported can be had.
function importable(specifier) {
  if (specifier.startsWith("node:") || OF_NODE.has(specifier.split("/")[0])) {
    return "This is a part of Node.js, which jobs do not have; the adaptors do what needs files, hosts or hashes";
  }
  if (!/^(@[\w.-]+\/)?[\w-][\w.-]*(@[^/]+)?$/.test(specifier)) {
    return "A job can import adaptors and packages of npm by their names, and nothing else";
  }
  const named = specifier.lastIndexOf("@") > 0 ? specifier : `${specifier}@VERSION`;
  return `Install the package in the hub with \`fieldpost adaptor install ${named}\`, and name it among the step's adaptors`;
}

async function load(refused) {
  try {
    return await import("job");
  } catch (error) {
    const specifier = refused();
    if (specifier === undefined) throw error;
    throw new StepError("ImportError", "crash", `Failed to import module "${specifier}"`, { fix: importable(specifier) });
  }
}

function invalid(subtype, message, fix) {
  return new StepError("RuntimeCrash", "crash", `${subtype}: ${message}`, { subtype, fix });
}

function operationsOf(module) {
  if (!isArray(module.default)) {
    throw invalid(
      "InvalidExportsError",
      "Invalid exports in job expression: exports must be an array",
      "Ensure job code has been compiled before calling the runtime",
    );
  }
  module.default.forEach((operation, index) => {
    if (typeof operation !== "function") {
      throw invalid(
        "InvalidOperationError",
        `Invalid operation at statement ${index}`,
        "Ensure all top-level function or method calls are wrapped in an operation, like fn()",
      );
    }
  });
  return module.default;
}

// The state as the next step and the store see it: no credentials, nothing that is not JSON.
function cleaned(state, remove) {
  if (typeof state === "object" && state?.[nothing]) return undefined;
  const removed = typeof state === "object" && state !== null ? remove.filter((key) => Object.hasOwn(state, key)) : [];
  if (!removed.length) return toJson(state);
  // A copy, since a state may be frozen.
  const left = Object.assign(Object.create(Object.getPrototypeOf(state)), state);
  for (const key of removed) delete left[key];
  return toJson(left);
}

// What a step that failed had, as far as it can be read.
function kept(state, remove) {
  try {
    return cleaned(state, remove);
  } catch {
    return undefined;
  }
}

// What was thrown may be anything, such as an object that throws when it is looked at.
function reported(error, operation) {
  try {
    return reportOf(error, operation);
  } catch {
    return reportOf("What was thrown cannot be read", operation);
  }
}

// What an adaptor does around the operations, such as signing in, fails as they do.
async function reduced(reduce, steps, state) {
  try {
    return await reduce(...steps)(state);
  } catch (error) {
    throw ofAdaptor(error) ?? error;
  }
}

/** Runs the job; promises `[state, error]`, both JSON or absent. */
export async function run(work, refused) {
  const { name, operations, remove, moment } = work;
  const read = (text) => (text === undefined ? undefined : parse(text));
  const state = assemble(
    read(work.state) ?? {},
    read(work.configuration),
    read(work.defaults),
    read(work.credentials),
  );
  if (moment) hold(moment);
  const failed = {};
  openGlobals(state);
  closeEval();
  try {
    say.info(`Starting step ${name}`);
    const module = await load(refused);
    const steps = operationsOf(module).map((operation, index) => guarded(operation, index, operations, failed));
    const result = await reduced(module.execute ?? inSeries, steps, state);
    return [cleaned(result, remove), undefined];
  } catch (error) {
    const report = reported(error, failed.operation);
    if (report.pos) report.step = name;
    return [report.severity === "fail" ? kept(state, remove) : undefined, toJson(report)];
  }
}
