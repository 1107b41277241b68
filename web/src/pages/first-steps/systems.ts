// The systems that first steps are told for, and what their sources read.

export const SYSTEMS = [
  "kobo",
  "commcare",
  "odk-aggregate",
  "odk-central",
  "wcs",
  "godata",
  "openfn",
] as const;
export type System = (typeof SYSTEMS)[number];

interface SystemFacts {
  /** What its source reads. */
  dialect: string;
  /** The name that its source gets, unless another is typed. */
  name: string;
}

export const FACTS: Record<System, SystemFacts> = {
  kobo: { dialect: "kobo", name: "kobo" },
  commcare: { dialect: "commcare", name: "commcare" },
  "odk-aggregate": { dialect: "odk-aggregate", name: "aggregate" },
  "odk-central": { dialect: "json", name: "central" },
  wcs: { dialect: "wcs", name: "wcs" },
  godata: { dialect: "json", name: "godata" },
  openfn: { dialect: "json", name: "intake" },
};

export function isSystem(text: string): text is System {
  return SYSTEMS.some((system) => system === text);
}

/** Whose steps fit a source of that dialect; null for those that no system is known for. */
export function systemOf(dialect: string): System | null {
  const found = SYSTEMS.find((system) => FACTS[system].dialect === dialect && dialect !== "json");
  if (found !== undefined) {
    return found;
  }
  if (dialect.startsWith("commcare")) {
    return "commcare";
  }
  return dialect === "json" ? "openfn" : null;
}
