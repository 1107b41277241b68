// The adaptor `collections`: what jobs keep between runs, JSON by key. Names, arguments and results are those
// of @openfn/language-collections. The hub keeps the items, unless the credential names another endpoint. Every
// job has it, under its name.

export * from "@openfn/language-common";
export * as collections from "@openfn/language-collections/functions";
