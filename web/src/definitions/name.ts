// The name of a new definition. That it is free is for the hub to say, when it is saved.
import type { ChangeEvent, ReactNode } from "react";
import { useState } from "react";
import { Problem } from "../api/problem";
import { useWords } from "../i18n/words";

interface NameField {
  name: string;
  touched: boolean;
  /** Whether the name can be used; shows what is the matter where it cannot. */
  check: () => boolean;
  /** The field's properties; `error` is what the hub said of the last attempt to save. */
  field: (error: unknown) => {
    label: string;
    description: string;
    required: boolean;
    value: string;
    error: ReactNode;
    autoComplete: string;
    spellCheck: boolean;
    onChange: (event: ChangeEvent<HTMLInputElement>) => void;
  };
}

/** Whether there is one of that name already. */
export const isNameTaken = (error: unknown): boolean =>
  error instanceof Problem && error.code === "exists-already";

/** What a title becomes as a name: `Births 2026` is `births-2026`. */
export function asName(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .slice(0, 64);
}

export function useNameField(given: string | null, first = ""): NameField {
  const words = useWords().definitions;
  const [typed, setTyped] = useState(first);
  /** The name with which it was last wanted. */
  const [asked, setAsked] = useState<string | null>(null);
  const mistakeOf = (error: unknown) => {
    if (asked === null) {
      return undefined;
    }
    if (typed === "") {
      return words.nameMissing;
    }
    return asked === typed && isNameTaken(error) ? words.nameTaken(typed) : undefined;
  };
  return {
    name: given ?? typed,
    touched: given === null && typed !== first,
    check: () => {
      setAsked(typed);
      return given !== null || typed !== "";
    },
    field: (error) => ({
      label: words.name,
      description: words.nameAbout,
      required: true,
      value: typed,
      error: mistakeOf(error),
      autoComplete: "off",
      spellCheck: false,
      onChange: (event) => {
        setTyped(asName(event.currentTarget.value));
      },
    }),
  };
}
