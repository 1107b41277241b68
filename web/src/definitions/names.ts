// Lists of names in a definition.
import type { Value } from "./definition";

/** The names of a list; a definition may have one of them alone. */
export function namesIn(value: Value | undefined): string[] {
  if (Array.isArray(value)) {
    return value.filter((each) => typeof each === "string");
  }
  return typeof value === "string" && value !== "" ? [value] : [];
}
