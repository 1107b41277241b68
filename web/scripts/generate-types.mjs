// Writes the types of the API from its description, so that a page that asks for what the hub does
// not answer does not compile. Nothing is written when nothing changed: watchers stay calm.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapi, { astToString } from "openapi-typescript";

const description = new URL("../../docs/api/openapi.json", import.meta.url);
const target = fileURLToPath(new URL("../src/api/schema.d.ts", import.meta.url));

const head = "// @generated from docs/api/openapi.json by scripts/generate-types.mjs\n";
const types = head + astToString(await openapi(description));
if (!existsSync(target) || readFileSync(target, "utf8") !== types) {
  writeFileSync(target, types);
}
