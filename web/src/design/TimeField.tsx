// A field for a moment: typed in the reader's zone, given as an exact time when the reader is done.
// Browsers tell of each digit, and a year half typed is a moment too; so that nothing moves under
// the typist, the moment counts once the field is left or Enter is pressed.
import { TextInput } from "@mantine/core";
import { useEffect, useState } from "react";

interface TimeFieldProps {
  label: string;
  /** The exact time, as addresses have it. */
  value: string | undefined;
  change: (exact: string | undefined) => void;
}

export function TimeField({ label, value, change }: TimeFieldProps) {
  const [typed, setTyped] = useState(() => localTime(value));
  useEffect(() => setTyped(localTime(value)), [value]);
  const done = () => {
    if (typed !== localTime(value)) {
      change(exactTime(typed));
    }
  };
  return (
    <TextInput
      type="datetime-local"
      label={label}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === "Enter" && done()}
    />
  );
}

/** A time as the browser's field writes it. */
function localTime(exact: string | undefined): string {
  if (exact === undefined || Number.isNaN(Date.parse(exact))) {
    return "";
  }
  const time = new Date(exact);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function exactTime(local: string): string | undefined {
  return local === "" ? undefined : new Date(local).toISOString();
}
