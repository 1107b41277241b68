// The global objects of a job, beside those of the language: those that OpenFn has, and no others.

import { console } from "fieldpost:console";
import { give } from "fieldpost:host";
import { functions } from "fieldpost:timers";

const { defineProperty } = Object;

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

// By the sites of a stack a job would get hold of the runtime's own functions. Without the engine's own
// property behind the name, what a job sets there is a property like any other.
function closeStacks() {
  delete Error.prepareStackTrace;
  defineProperty(Error, "prepareStackTrace", { value: undefined, writable: true, configurable: true });
}

/** Closes `eval`, the constructors of functions and the sites of stacks. All that every step wants is loaded by now. */
export function closeEval() {
  closeStacks();
  globalThis.Function = closeConstructor(function () {});
  closeConstructor(async function () {});
  closeConstructor(function* () {});
  closeConstructor(async function* () {});
  globalThis.eval = refuse;
}

// A global that is loaded with the first look at it, and is then like any other.
function openWhenWanted(name, load) {
  const become = (value) =>
    defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
  defineProperty(globalThis, name, {
    get: () => become(load())[name],
    set: become,
    enumerable: true,
    configurable: true,
  });
}

/** Gives the job what OpenFn gives it. */
export function openGlobals(state) {
  for (const [name, value] of Object.entries({ ...functions, console })) {
    globalThis[name] = Object.freeze(value);
  }
  openWhenWanted("Buffer", () => Object.freeze(give("fieldpost:buffer").Buffer));
  globalThis.state = state;
}
