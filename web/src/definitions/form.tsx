// A form for a definition. Its fields are bound by path: what stands in a field stands in the
// definition there, and what the hub says about that path is shown at the field.
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { type Definition, textAt, type Value, valueAt, withValue } from "./definition";
import { type Mistake, mistakesOf, sortMistakes } from "./mistakes";

export interface DefinitionForm {
  definition: Definition;
  /** The definition that is stored; null for one that is being made. */
  saved: Definition | null;
  text: (path: string) => string;
  value: (path: string) => Value | undefined;
  put: (path: string, value: Value | undefined) => void;
  /** Several at once. */
  change: (change: (definition: Definition) => Definition) => void;
  /** What the hub said of a path, until that is changed. */
  mistakes: (path: string) => Mistake[];
  /** The paths of fields that show something that the hub said, in the order of what it said. */
  wrong: readonly string[];
  /** Tells whether what is typed at a path cannot be kept as it is; the field says why. */
  fault: (path: string, isFaulty: boolean) => void;
  /** Whether no field has such a fault: only then is the form saved. */
  isSound: boolean;
  /** Whether stored secrets have to be typed again, as they would go elsewhere than before. */
  secretsLeave: boolean;
}

const FormContext = createContext<DefinitionForm | null>(null);

export function useDefinitionForm(): DefinitionForm {
  const form = useContext(FormContext);
  if (form === null) {
    throw new Error("a field of a definition stands outside of its form");
  }
  return form;
}

interface FormState {
  definition: Definition;
  /** Paths that were changed since the hub last spoke. */
  changed: ReadonlySet<string>;
}

interface UseForm {
  saved: Definition | null;
  initial: Definition;
  /** The definition's own path: `connections.warehouse`. */
  prefix: string;
  /** The paths of fields, that can show mistakes; where they follow from what is typed, how. */
  fields: readonly string[] | ((definition: Definition) => readonly string[]);
  error: unknown;
  secretsLeave?: (definition: Definition) => boolean;
}

/** The state of a form. Call `spoken` when the hub is asked, so that old mistakes go. */
export function useForm({ saved, initial, prefix, fields, error, secretsLeave }: UseForm) {
  // What was there at first stays what it was, while lists around the form are asked again.
  const [first] = useState(initial);
  const [state, setState] = useState<FormState>({ definition: first, changed: new Set() });
  const [faults, setFaults] = useState<ReadonlySet<string>>(new Set());
  const { definition, changed } = state;
  const sorted = useMemo(() => {
    const mistakes = mistakesOf(error);
    // Most of the time there is none, and the paths of a large definition are many.
    const known =
      mistakes.length === 0 ? [] : typeof fields === "function" ? fields(definition) : fields;
    return sortMistakes(mistakes, prefix, known);
  }, [error, prefix, fields, definition]);
  const form: DefinitionForm = {
    definition,
    saved,
    text: (path) => textAt(definition, path),
    value: (path) => valueAt(definition, path),
    put: (path, value) =>
      setState((before) => ({
        definition: withValue(before.definition, path, value),
        changed: new Set(before.changed).add(path),
      })),
    change: (change) =>
      setState((before) => ({ ...before, definition: change(before.definition) })),
    mistakes: (path) => (changed.has(path) ? [] : (sorted.byField.get(path) ?? [])),
    wrong: [...sorted.byField.keys()].filter((path) => !changed.has(path)),
    fault: (path, isFaulty) =>
      setFaults((before) => {
        const after = new Set(before);
        after.delete(path);
        return isFaulty ? after.add(path) : after;
      }),
    isSound: faults.size === 0,
    secretsLeave: saved !== null && (secretsLeave?.(definition) ?? false),
  };
  return {
    form,
    /** Whether something was changed that is not saved. */
    touched: definition !== first,
    /** Mistakes that no field shows. */
    rest: sorted.rest,
    spoken: () => setState((before) => ({ ...before, changed: new Set() })),
  };
}

export function FormProvider({ form, children }: { form: DefinitionForm; children: ReactNode }) {
  return <FormContext.Provider value={form}>{children}</FormContext.Provider>;
}
