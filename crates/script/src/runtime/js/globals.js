// The global objects of a job, beside those of the language: those that OpenFn has, and no others.

import { Buffer } from "fieldpost:buffer";
import { console } from "fieldpost:console";
import { functions } from "fieldpost:timers";

// Text that becomes code would pass the compiler by. The process holds what it does anyway; this
// holds to what OpenFn does, and keeps people from what does not work there.
function refuse() {
  throw new EvalError("Code generation from strings disallowed for this context");
}

function closeConstructor(example) {
  const prototype = Object.getPrototypeOf(example);
  const closed = function () {
    refuse();
  };
  Object.defineProperty(closed, "prototype", { value: prototype, writable: false });
  Object.defineProperty(closed, "name", { value: prototype.constructor.name });
  Object.defineProperty(prototype, "constructor", {
    value: closed,
    writable: false,
    enumerable: false,
    configurable: false,
  });
  return closed;
}

/** Closes `eval` and the constructors of functions. Everything of our own is loaded by now. */
export function closeEval() {
  globalThis.Function = closeConstructor(function () {});
  closeConstructor(async function () {});
  closeConstructor(function* () {});
  closeConstructor(async function* () {});
  globalThis.eval = refuse;
}

/** Gives the job what OpenFn gives it. */
export function openGlobals(state) {
  for (const [name, value] of Object.entries({ ...functions, console, Buffer })) {
    globalThis[name] = Object.freeze(value);
  }
  globalThis.state = state;
}
