// What an editor of jobs offers to write: the functions of the step's adaptors, and those that every
// job has. Pure.
import type { Adaptor, AdaptorFunction } from "./queries";

export interface Offered extends AdaptorFunction {
  /** The adaptor that it is of. */
  adaptor: string;
}

/** Every job has its functions. */
const COMMON = "common";

/** The short name of an adaptor: `http` of `@openfn/language-http@7.2.0`. */
export function shortName(adaptor: string): string {
  return adaptor.replace(/^@openfn\/language-/, "").replace(/(?<=.)@.*$/, "");
}

/** The functions for a step, each once: those of its own adaptors before those that every job has. */
export function offeredTo(adaptors: readonly string[], known: readonly Adaptor[]): Offered[] {
  const wanted = [...new Set([...adaptors.map(shortName), COMMON])];
  const offered = new Map<string, Offered>();
  for (const name of wanted) {
    for (const each of known.find((adaptor) => adaptor.name === name)?.functions ?? []) {
      if (!offered.has(each.name)) {
        offered.set(each.name, { ...each, adaptor: name });
      }
    }
  }
  return [...offered.values()];
}

/** The offers that fit what is looked for: by their names first, then by what they do. */
export function offersFor(text: string, offered: readonly Offered[]): Offered[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") {
    return [...offered];
  }
  const named = offered.filter(({ name }) => name.toLowerCase().includes(wanted));
  const told = offered.filter(
    (each) => !named.includes(each) && each.summary.toLowerCase().includes(wanted),
  );
  return [...named, ...told];
}

/** What is written of a function where it is put into a job: its example, or a call. */
export function callOf({ name, parameters, example }: AdaptorFunction): string {
  if (example) {
    return example;
  }
  return `${name}${parameters.startsWith("(") ? parameters : `(${parameters})`};`;
}
