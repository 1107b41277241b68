// The rows of fields that are withheld, and the part of a definition that they are:
// `{ phone: "hash", where: { coarsen: 0.1 } }`.
import { type Definition, isDefinition, type Value } from "../../definitions/definition";

export const WAYS = ["drop", "hash", "step", "month", "year"] as const;
export type Way = (typeof WAYS)[number];

export interface WithheldField {
  path: string;
  way: Way;
  /** How coarse, where the way is a step: as it is written, since its digits say how exact. */
  step: string;
}

/** A tenth of a degree is a place within some ten kilometres. */
const USUAL_STEP = "0.1";

function fieldOf(path: string, value: Value | undefined): WithheldField {
  if (isDefinition(value)) {
    const step = String(value.coarsen ?? "");
    return step === "month" || step === "year"
      ? { path, way: step, step: USUAL_STEP }
      : { path, way: "step", step };
  }
  return { path, way: value === "hash" ? "hash" : "drop", step: USUAL_STEP };
}

export function withheldFields(value: Value | undefined): WithheldField[] {
  return isDefinition(value) ? Object.entries(value).map(([path, way]) => fieldOf(path, way)) : [];
}

export const newField = (): WithheldField => ({ path: "", way: "drop", step: USUAL_STEP });

function writtenOf({ way, step }: WithheldField): Value {
  switch (way) {
    case "drop":
    case "hash":
      return way;
    case "month":
    case "year":
      return { coarsen: way };
    case "step":
      return { coarsen: step.trim() };
  }
}

/** The part of the definition; undefined where nothing is withheld. */
export function withheldDefinition(fields: readonly WithheldField[]): Definition | undefined {
  const named = fields.filter(({ path }) => path.trim() !== "");
  return named.length === 0
    ? undefined
    : Object.fromEntries(named.map((field) => [field.path.trim(), writtenOf(field)]));
}

/** What cannot be kept of a row: a path that stands above it already, or a step that is none. */
export type RowFault = "doubled" | "no-step";

export function faultOf(field: WithheldField, above: readonly WithheldField[]): RowFault | null {
  const path = field.path.trim();
  if (path !== "" && above.some((other) => other.path.trim() === path)) {
    return "doubled";
  }
  const isStep = /^\d+(\.\d+)?$/.test(field.step.trim()) && Number(field.step) > 0;
  return field.way === "step" && !isStep ? "no-step" : null;
}
