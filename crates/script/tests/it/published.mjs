// Runs jobs on the published runtime of OpenFn, for comparison. Reads a list of
// `{name, plan, state, remove}` from standard input and writes `{name: {state, error}}` to standard output.
// The current folder is where the packages are.

import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const packages = path.resolve("node_modules/@openfn");
const { default: run } = await import(pathToFileURL(path.join(packages, "runtime/dist/index.js")).href);
// Adaptors log to the console of the process, where the results are to stand alone.
for (const level of ["log", "info", "debug", "warn", "error"]) console[level] = () => {};
const silent = new Proxy({}, { get: () => () => {} });
const cases = JSON.parse(readFileSync(0, "utf8"));
const results = {};
for (const { name, plan, state, remove } of cases) {
  try {
    const final = await run(plan, state, {
      logger: silent,
      jobLogger: Object.fromEntries(["log", "info", "debug", "warn", "error", "success"].map((level) => [level, () => {}])),
      statePropsToRemove: remove ?? ["configuration", "response"],
      disableEsmHook: true,
      linker: {
        whitelist: [/^@openfn/],
        modules: Object.fromEntries(
          ["common", "http"].map((name) => [
            `@openfn/language-${name}`,
            { path: path.join(packages, `language-${name}`), version: "0.0.0" },
          ]),
        ),
      },
    });
    results[name] = { state: final ?? null };
  } catch (error) {
    results[name] = {
      error: { name: error.name, severity: error.severity ?? null, subtype: error.subtype ?? null, message: error.message },
    };
  }
}
process.stdout.write(JSON.stringify(results));
