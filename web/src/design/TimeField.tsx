// A field for a moment: typed in the reader's zone, given as an exact time.
import { TextInput } from "@mantine/core";

interface TimeFieldProps {
  label: string;
  /** The exact time, as addresses have it. */
  value: string | undefined;
  change: (exact: string | undefined) => void;
}

export function TimeField({ label, value, change }: TimeFieldProps) {
  return (
    <TextInput
      type="datetime-local"
      label={label}
      value={localTime(value)}
      onChange={(event) => change(exactTime(event.currentTarget.value))}
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
