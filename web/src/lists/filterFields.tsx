// Fields of the form that adds filters to a list: one of several, or a text.
import { Select, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useWords } from "../i18n/words";

interface ChoiceProps {
  label: string;
  names: (string | { value: string; label: string })[];
  value: string | undefined;
  choose: (chosen: string | undefined) => void;
}

export function Choice({ label, names, value, choose }: ChoiceProps) {
  const words = useWords().list;
  return (
    <Select
      label={label}
      placeholder={words.any}
      data={names}
      value={value ?? null}
      clearable
      searchable
      openOnFocus={false}
      comboboxProps={{ withinPortal: false }}
      onChange={(chosen) => choose(chosen ?? undefined)}
    />
  );
}

interface TypedFieldProps {
  label: string;
  placeholder?: string;
  value: string | undefined;
  change: (value: string | undefined) => void;
}

/** What is typed is looked for when it is whole: once the field is left, or Enter is pressed. */
export function TypedField({ label, placeholder, value, change }: TypedFieldProps) {
  const [typed, setTyped] = useState(value ?? "");
  useEffect(() => setTyped(value ?? ""), [value]);
  const done = () => {
    const wanted = typed.trim();
    if (wanted !== (value ?? "")) {
      change(wanted || undefined);
    }
  };
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === "Enter" && done()}
    />
  );
}
