// What is shipped to the reader must be given away as freely as Fieldpost itself; what only builds
// and tests may also be MPL-2.0, which asks for nothing from those who merely use it.
import { readFileSync } from "node:fs";

const PERMISSIVE = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "OFL-1.1", // fonts
  "Python-2.0",
  "Unlicense",
  "Zlib",
]);
const ONLY_FOR_DEVELOPMENT = new Set(["MPL-2.0", "CC-BY-4.0"]);

/** Whether an expression can be met by permissive licences alone. */
export function allowed(expression, development) {
  const known = (word) => PERMISSIVE.has(word) || (development && ONLY_FOR_DEVELOPMENT.has(word));
  const inside = expression.replace(/^\((.*)\)$/, "$1");
  return inside
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((word) => known(word.trim())));
}

/** What must not be in the tree, a sentence each. */
export function offences(lock) {
  return Object.entries(lock.packages)
    .filter(([path]) => path !== "")
    .filter(([, entry]) => !allowed(entry.license ?? "none", entry.dev === true))
    .map(
      ([path, entry]) =>
        `${path}: ${entry.license ?? "no licence"}${entry.dev ? " (development)" : ""}`,
    );
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
  const found = offences(lock);
  if (found.length > 0) {
    console.error(`Packages whose licence does not fit:\n  ${found.join("\n  ")}`);
    process.exit(1);
  }
}
