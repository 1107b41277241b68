// The name of a new definition: asked for before the hub is, since the hub takes a name that is
// there already as a wish to replace.
import type { ChangeEvent, ReactNode } from "react";
import { useState } from "react";
import { useWords } from "../i18n/words";

interface NameField {
  name: string;
  touched: boolean;
  /** Whether the name can be used; shows what is the matter where it cannot. */
  check: () => boolean;
  field: {
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

/** What a title becomes as a name: `Births 2026` is `births-2026`. */
export function asName(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .slice(0, 64);
}

export function useNameField(given: string | null, taken: string[], first = ""): NameField {
  const words = useWords().definitions;
  const [typed, setTyped] = useState(first);
  const [shown, setShown] = useState(false);
  const name = given ?? typed;
  const mistake =
    given !== null
      ? null
      : typed === ""
        ? words.nameMissing
        : taken.includes(typed)
          ? words.nameTaken(typed)
          : null;
  return {
    name,
    touched: given === null && typed !== first,
    check: () => {
      setShown(true);
      return mistake === null;
    },
    field: {
      label: words.name,
      description: words.nameAbout,
      required: true,
      value: typed,
      error: shown ? mistake : undefined,
      autoComplete: "off",
      spellCheck: false,
      onChange: (event) => {
        setTyped(asName(event.currentTarget.value));
      },
    },
  };
}
