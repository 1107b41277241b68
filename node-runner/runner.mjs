// Runs steps for the hub with packages of npm. It speaks the same protocol as the hub's own runner of jobs, over
// its standard input and output, and runs jobs by the same runtime: only the packages are Node's.
//
//   node --experimental-vm-modules runner.mjs LIBRARY
//
// LIBRARY is a file of JSON that the hub has written: `{modules: {name: source}, folder}`, the modules of the
// runtime and of the adaptors that are built in, and the folder of the packages that were installed. The
// environment names the way out: FIELDPOST_PROXY (host:port) and FIELDPOST_PROXY_TOKEN.
//
// Packages are trusted code. A context of its own keeps jobs from confusing each other; it is no wall.

import { readFileSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { randomBytes } from "node:crypto";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

import { readFrames, writeFrame } from "./frames.mjs";
import { goByProxy } from "./tunnel.mjs";

const version = 2;
const levels = ["debug", "info", "warn", "error"];
const { modules: sources, folder } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const say = writeFrame(process.stdout);

// What packages print goes nowhere: the output is the hub's.
for (const level of ["log", "info", "debug", "warn", "error", "table", "dir"]) console[level] = () => {};
if (process.env.FIELDPOST_PROXY) goByProxy(process.env.FIELDPOST_PROXY, process.env.FIELDPOST_PROXY_TOKEN ?? "");
for (const name of Object.keys(process.env)) delete process.env[name];

// Packages stay loaded from step to step, as modules of a process do.
const packages = new Map();

function loadPackage(installed) {
  if (!packages.has(installed)) {
    const entry = path.join(folder, installed.replaceAll("/", "+"), "entry.mjs");
    packages.set(installed, import(pathToFileURL(entry).href));
  }
  return packages.get(installed);
}

/** The name of a package without its version: `@openfn/language-http@7.2.10` is that of the former. */
const nameOf = (installed) => installed.replace(/(?<=.)@[^@]*$/, "");

function failure(work, report, again = true) {
  const error = { source: "runtime", name: report.name, severity: report.severity, message: report.message };
  return { Done: { work, outcome: { state: null, error }, holds: [], again } };
}

// Calls are counted over all steps, so that no answer ever meets the call of another one.
let lastCall = 0;

class Step {
  #calls = new Map();
  #timers = new Set();
  #hasEnded = false;
  #lines = 0;
  #started = performance.now();
  #modules = new Map();
  #refused;
  #settle;

  constructor(step) {
    this.step = step;
    this.context = vm.createContext({}, { codeGeneration: { strings: false, wasm: false } });
    // What a step is called by, which is more than a package has: `name@version`.
    this.installed = new Map(step.modules.filter((name) => name !== nameOf(name)).map((name) => [nameOf(name), name]));
    this.allowed = new Set(step.modules.map(nameOf));
  }

  #log = (level, source, message) => {
    const { log_lines: most, log_line_bytes: longest } = this.step.limits;
    if (this.#hasEnded || levels.indexOf(level) < levels.indexOf(this.step.log_level)) return;
    this.#lines += 1;
    if (this.#lines > most + 1) return;
    if (this.#lines === most + 1) {
      const text = `The log has ${most} lines; what follows is left out`;
      return say({ Log: { level: "warn", source: "R/T", message: text } });
    }
    const isLong = Buffer.byteLength(message) > longest;
    const text = isLong ? `${Buffer.from(message).subarray(0, longest).toString()}… (more left out)` : message;
    return say({ Log: { level, source, message: text } });
  };

  #call = (call, name, text) => {
    const { calls: most, call_bytes: longest } = this.step.limits;
    if (this.#hasEnded) throw new Error(`${name} cannot be had: the step has ended`);
    if (this.#calls.size >= most) throw new Error(`More than ${most} calls wait for their answer`);
    if (Buffer.byteLength(text) > longest) {
      throw new Error(`A call of ${Buffer.byteLength(text)} bytes, where ${longest} are the most`);
    }
    const given = JSON.parse(text);
    this.#calls.set(++lastCall, call);
    say({ Call: { call: lastCall, name, arguments: given } });
  };

  #url = (text) => {
    if (!URL.canParse(text)) return undefined;
    const { href, origin, pathname, search, host } = new URL(text);
    return host ? JSON.stringify({ href: href.split("#")[0], origin, pathname, search }) : undefined;
  };

  /** The hub has answered a call. */
  reply({ call, result }) {
    const own = this.#calls.get(call);
    if (own === undefined) return;
    this.#calls.delete(call);
    const isWell = Object.hasOwn(result, "Ok");
    this.#settle?.(own, isWell, JSON.stringify(isWell ? result.Ok : result.Err));
  }

  /** Nothing that the step has left can do anything from now on. Whether the process is as it was before. */
  end() {
    this.#hasEnded = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    return this.#calls.size === 0;
  }

  async run() {
    const { step, context } = this;
    context.__fieldpost = {
      now: () => performance.now() - this.#started,
      log: this.#log,
      call: this.#call,
      random: () => randomBytes(16).toString("hex"),
      url: this.#url,
      // Node.js ends with its process where its memory is used up.
      isSpent: () => false,
      give: (name) => {
        throw new Error(`${name} cannot be had beside packages of npm`);
      },
    };
    const host = await this.#evaluated("fieldpost:host");
    this.#settle = host.namespace.settle;
    const { namespace } = await this.#evaluated("fieldpost:step");
    const text = (value) => (value === null || value === undefined ? undefined : JSON.stringify(value));
    const [state, error] = await namespace.run(
      {
        name: step.name ?? step.id,
        state: text(step.state),
        configuration: text(step.configuration),
        defaults: text(step.defaults),
        credentials: text(step.credentials),
        remove: step.remove,
        operations: step.operations,
        moment: step.moment ? { time: step.moment.time_ms, seed: step.moment.seed } : undefined,
      },
      () => this.#refused,
    );
    const { state_bytes: most } = step.limits;
    if (state !== undefined && Buffer.byteLength(state) > most) {
      const message = `State exceeds the limit of ${most} bytes`;
      return failure(step.work, { name: "StateTooLargeError", severity: "kill", message });
    }
    const outcome = { state: state === undefined ? null : JSON.parse(state), error: error ? JSON.parse(error) : null };
    return { Done: { work: step.work, outcome, holds: [], again: true } };
  }

  async #evaluated(name) {
    const module = await this.#module(name, "");
    if (module.status === "unlinked") await module.link((specifier, from) => this.#module(specifier, from.identifier));
    if (module.status === "linked") await module.evaluate();
    return module;
  }

  #module(name, from) {
    const isOurs = from === "" || from.startsWith("fieldpost:") || (from !== "job" && Object.hasOwn(sources, from));
    if (!isOurs && !this.allowed.has(name)) {
      this.#refused ??= name;
      throw new Error(`${name} cannot be imported`);
    }
    if (!this.#modules.has(name)) this.#modules.set(name, this.#make(name));
    return this.#modules.get(name);
  }

  async #make(name) {
    const { context } = this;
    if (name === "fieldpost:timers") return this.#timerModule();
    if (this.installed.has(name)) return this.#package(await loadPackage(this.installed.get(name)), name);
    const source = name === "job" ? this.step.code : sources[name];
    if (source === undefined) {
      this.#refused ??= name;
      throw new Error(`There is no module ${name}`);
    }
    return new vm.SourceTextModule(source, {
      identifier: name,
      context,
      importModuleDynamically: (specifier) => this.#evaluated(specifier),
    });
  }

  #package(namespace, identifier) {
    const names = Object.keys(namespace);
    const evaluate = function () {
      for (const name of names) this.setExport(name, namespace[name]);
    };
    return new vm.SyntheticModule(names, evaluate, { identifier, context: this.context });
  }

  // The timers of Node.js, remembered until they are over: they end with the step.
  #timerModule() {
    const keep = (timer) => {
      this.#timers.add(timer);
      return timer;
    };
    const stop = (timer) => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
    const once = (action, delay, ...values) => {
      if (this.#hasEnded) return undefined;
      const run = (...given) => {
        this.#timers.delete(timer);
        action(...given);
      };
      const timer = setTimeout(typeof action === "function" ? run : action, delay, ...values);
      return keep(timer);
    };
    const again = (...given) => (this.#hasEnded ? undefined : keep(setInterval(...given)));
    const functions = { setTimeout: once, setInterval: again, clearTimeout: stop, clearInterval: stop };
    return this.#package({ functions, nextTimer: () => -1, runTimers() {} }, "fieldpost:timers");
  }
}

let current;

async function ranStep(step) {
  try {
    return await current.run();
  } catch (error) {
    return failure(step.work, { name: "ExecutionError", severity: "exception", message: String(error?.message ?? error) });
  }
}

async function runStep(step) {
  current = new Step(step);
  const { Done } = await ranStep(step);
  // Whoever waits for an answer that does not come any more goes with the process.
  const again = current.end();
  current = undefined;
  say({ Done: { ...Done, again: Done.again && again } });
}

// What a package leaves to go wrong by itself ends the process, and with it the step that it runs.
process.on("uncaughtException", () => process.exit(1));
process.on("unhandledRejection", () => {});

for await (const message of readFrames(process.stdin)) {
  if (message.Setup) {
    if (message.Setup.version !== version) process.exit(2);
    say({ Ready: { version } });
  } else if (message.Step) {
    // Answers to calls come while it runs.
    runStep(message.Step);
  } else if (message.Decide) {
    const report = { name: "ExecutionError", severity: "exception", message: "Conditions are not judged here" };
    say(failure(message.Decide.work, report));
  } else if (message.Reply && current?.step.work === message.Reply.work) {
    current.reply(message.Reply);
  }
}
process.exit(0);
