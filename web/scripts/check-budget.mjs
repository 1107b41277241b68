// The first load of a page asks for no more script than a slow line carries in a breath. The bound
// holds for what the page needs before it shows something: the entry, and the page's own part with
// everything they import at once.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const folder = fileURLToPath(new URL("../dist", import.meta.url));
const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));

/** The most bytes of script, as gzip, that the first load of a page may take. */
const MOST_BYTES = 300 * 1024;
/** Words of both languages are loaded by choice: the longer one counts for every page. */
const LANGUAGES = ["src/i18n/en/index.ts", "src/i18n/fr/index.ts"];
/** Words that only some pages say, and load with themselves. */
const FLOW_WORDS = ["src/i18n/en/flows.ts", "src/i18n/fr/flows.ts"];
const FLOW_PAGES = /\/(workflows|runs)\//;
const OWN_FORM_WORDS = ["src/i18n/en/ownForms.ts", "src/i18n/fr/ownForms.ts"];
const OWN_FORM_PAGES = /\/(definition|roles)\//;
/** Pages that may load an editor or a map at once, because they are nothing without it. */
const HEAVY_PAGES = /\/(map|project-file)\//;

const sizes = new Map();
function size(file) {
  if (!sizes.has(file)) {
    sizes.set(file, gzipSync(readFileSync(join(folder, file)), { level: 9 }).length);
  }
  return sizes.get(file);
}

/** All scripts that a part needs at once. */
function scripts(name, found = new Set()) {
  const part = manifest[name];
  if (part === undefined || found.has(part.file)) {
    return found;
  }
  found.add(part.file);
  for (const other of part.imports ?? []) {
    scripts(other, found);
  }
  return found;
}

const entry = scripts("index.html");
/** Words are loaded in one language: the longer one counts. */
const longer = (names) =>
  names.map((name) => scripts(name)).sort((one, other) => total(other) - total(one))[0];
const words = longer(LANGUAGES);

function total(files) {
  return [...files].reduce((sum, file) => sum + size(file), 0);
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
let failed = false;
const pages = Object.keys(manifest).filter((name) => /^src\/pages\/.*Page\.tsx$/.test(name));
for (const page of pages.sort()) {
  const own = [
    ...(FLOW_PAGES.test(page) ? longer(FLOW_WORDS) : []),
    ...(OWN_FORM_PAGES.test(page) ? longer(OWN_FORM_WORDS) : []),
  ];
  const bytes = total(new Set([...entry, ...words, ...own, ...scripts(page)]));
  const over = bytes > MOST_BYTES && !HEAVY_PAGES.test(page);
  failed ||= over;
  if (over || process.argv.includes("--verbose")) {
    console.log(`${page}: ${kilobytes(bytes)}${over ? ` is over ${kilobytes(MOST_BYTES)}` : ""}`);
  }
}
if (pages.length === 0) {
  console.error(
    "The build has no pages: their files are to be named src/pages/<noun>/<Noun>Page.tsx",
  );
  failed = true;
}
console.log(
  `First load: ${kilobytes(total(new Set([...entry, ...words])))} of script before the page's own.`,
);
process.exit(failed ? 1 : 0);
