// Writes a Brotli and a gzip form beside each file of the build that is text, so that the hub sends
// ready bytes and compresses nothing while it works.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const folder = fileURLToPath(new URL("../dist", import.meta.url));
const TEXT = /\.(js|css|html|svg|json)$/;
/** Below this a second form saves less than its name costs. */
const SMALLEST_BYTES = 512;

// Only the build itself reads the list of its files; check-budget.mjs does so before it goes.
for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
  const path = join(folder, name);
  if (!TEXT.test(name) || name === "manifest.json") {
    continue;
  }
  const bytes = readFileSync(path);
  if (bytes.length < SMALLEST_BYTES) {
    continue;
  }
  const parameters = {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
  };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: parameters }));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
rmSync(join(folder, "manifest.json"), { force: true });
