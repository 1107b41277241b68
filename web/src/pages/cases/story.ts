// What each form changed of a case: against what the forms before it had said. Pure.
import type { CaseStep } from "./queries";

/** A property, before and after; null where there was nothing. */
export interface PropertyChange {
  name: string;
  before: string | null;
  after: string;
}

export interface Tie {
  name: string;
  /** The other case; null where the tie was taken away. */
  caseId: string | null;
}

export interface ToldStep {
  step: CaseStep;
  /** What it set to another value than before. */
  changes: PropertyChange[];
  /** How many properties it only said again. */
  same: number;
  ties: Tie[];
  /** The names of the files that it brought, and of those that it took away. */
  files: string[];
  filesRemoved: string[];
}

/** The story of a case from its first form on. */
export function storyOf(steps: readonly CaseStep[]): ToldStep[] {
  const now = new Map<string, string>();
  return steps.map((step) => {
    const told: ToldStep = {
      step,
      changes: [],
      same: 0,
      ties: [],
      files: [],
      filesRemoved: [],
    };
    if (step.message !== null) {
      // A state of the whole case: what it does not name is there no more.
      const named = new Set(
        step.actions.flatMap(({ properties }) => Object.keys(properties ?? {})),
      );
      for (const name of [...now.keys()].filter((name) => !named.has(name))) {
        now.delete(name);
      }
    }
    for (const action of step.actions) {
      tellProperties(told, action.properties ?? {}, now);
      for (const [name, { case_id }] of Object.entries(action.indices ?? {})) {
        told.ties.push({ name, caseId: case_id });
      }
      if (action.kind === "index") {
        told.ties.push(...(action.removed ?? []).map((name) => ({ name, caseId: null })));
      }
      told.files.push(...Object.keys(action.attachments ?? {}));
      if (action.kind === "attachment") {
        told.filesRemoved.push(...(action.removed ?? []));
      }
    }
    return told;
  });
}

function tellProperties(
  told: ToldStep,
  properties: Readonly<Record<string, string>>,
  now: Map<string, string>,
): void {
  for (const [name, after] of Object.entries(properties)) {
    const before = now.get(name) ?? null;
    if (before === after) {
      told.same += 1;
    } else {
      told.changes.push({ name, before, after });
    }
    now.set(name, after);
  }
}
