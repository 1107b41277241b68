// Runs a job on the published runtime of OpenFn: `runs.mjs MODULE STATE WARM-UP RUNS`, where MODULE is
// the text of a compiled job. Prints what a run took. The current folder is where the packages are.

import path from "node:path";
import { pathToFileURL } from "node:url";

const [, , module, state, warmUp, runs] = process.argv;
const packages = path.resolve("node_modules/@openfn");
const { default: run } = await import(pathToFileURL(path.join(packages, "runtime/dist/index.js")).href);
const silent = new Proxy({}, { get: () => () => {} });
const print = console.log;
for (const level of ["log", "info", "debug", "warn", "error"]) console[level] = () => {};

const options = {
  logger: silent,
  jobLogger: Object.fromEntries(
    ["log", "info", "debug", "warn", "error", "success"].map((level) => [level, () => {}]),
  ),
  statePropsToRemove: ["configuration", "response"],
  disableEsmHook: true,
  linker: {
    whitelist: [/^@openfn/],
    modules: { "@openfn/language-common": { path: path.join(packages, "language-common"), version: "0.0.0" } },
  },
};

async function again(count) {
  for (let number = 0; number < count; number += 1) {
    const plan = { workflow: { steps: [{ id: "a", expression: module }] } };
    const final = await run(plan, JSON.parse(state), options);
    if (final?.data?.x !== 2) throw new Error(`a run failed: ${JSON.stringify(final)}`);
  }
}

const megabytes = () => process.memoryUsage().rss / 1024 / 1024;
const tenth = Math.floor(Number(runs) / 10);

await again(Number(warmUp));
const cpu = process.cpuUsage();
const begun = performance.now();
await again(tenth);
const early = megabytes();
await again(Number(runs) - tenth);
const wall = performance.now() - begun;
const spent = process.cpuUsage(cpu);
print(
  JSON.stringify({
    cpu_per_run_ms: (spent.user + spent.system) / 1000 / Number(runs),
    wall_per_run_ms: wall / Number(runs),
    early_mb: early,
    late_mb: megabytes(),
  }),
);
