// A list of names in a definition, with those that are known to choose from. Others can be typed: what
// somebody sends tomorrow is known by nobody today.
import { TagsInput } from "@mantine/core";
import type { ReactNode } from "react";
import { mistakeText } from "./fields";
import { useDefinitionForm } from "./form";
import { namesIn } from "./names";

interface ListAtProps {
  path: string;
  label: string;
  about?: ReactNode;
  placeholder?: string;
  known?: readonly string[];
  /** Whether an empty list stays one, since that says what was chosen. */
  keeps?: boolean;
}

export function ListAt({
  path,
  label,
  about,
  placeholder,
  known = [],
  keeps = false,
}: ListAtProps) {
  const form = useDefinitionForm();
  const names = namesIn(form.value(path));
  return (
    <TagsInput
      label={label}
      description={about}
      placeholder={names.length === 0 ? placeholder : undefined}
      data={[...known]}
      value={names}
      acceptValueOnBlur
      error={mistakeText(form.mistakes(path))}
      onChange={(next) => form.put(path, next.length === 0 && !keeps ? undefined : next)}
    />
  );
}
