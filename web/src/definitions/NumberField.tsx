// A field for a number of a definition.
import { NumberInput } from "@mantine/core";
import { useState } from "react";
import { type FieldProps, mistakeText } from "./fields";
import { useDefinitionForm } from "./form";

export interface NumberAtProps extends FieldProps {
  decimals?: number;
  min?: number;
  max?: number;
}

export function NumberField({
  path,
  label,
  about,
  placeholder,
  decimals = 0,
  min,
  max,
}: NumberAtProps) {
  const form = useDefinitionForm();
  const text = form.text(path);
  // While `1.5` is typed it is `1.` for a moment, which is the number 1: what is typed stays.
  const [typed, setTyped] = useState<number | string>(text);
  const isTyped = typed === "" ? text === "" : String(Number(typed)) === text;
  return (
    <NumberInput
      label={label}
      description={about}
      placeholder={placeholder}
      decimalScale={decimals}
      min={min}
      max={max}
      clampBehavior="none"
      value={isTyped ? typed : text}
      error={mistakeText(form.mistakes(path))}
      onChange={(value) => {
        setTyped(value);
        form.put(path, value === "" ? undefined : Number(value));
      }}
    />
  );
}
