// The fields of a definition's form: a label, a sentence where it helps, and the mistake beside
// what is mistaken.
import { Button, Checkbox, PasswordInput, Select, Textarea, TextInput } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useId, useState } from "react";
import { sentence } from "../design/ErrorNote";
import { Prose } from "../design/Prose";
import { StateMark } from "../design/StateMark";
import { useWords } from "../i18n/words";
import { PLACEHOLDER } from "./definition";
import styles from "./definitions.module.css";
import { useDefinitionForm } from "./form";
import type { Mistake } from "./mistakes";
import type { NumberAtProps } from "./NumberField";

export interface FieldProps {
  path: string;
  label: string;
  about?: ReactNode;
  placeholder?: string;
  required?: boolean;
  /** What is wrong with it as it stands, found while it is typed: told in place of what was wrong when
   *  it was to be saved. */
  found?: readonly Mistake[];
}

/** A mistake as a field shows it: the sentence, and what to do. */
export function mistakeText(mistakes: readonly Mistake[]): ReactNode {
  if (mistakes.length === 0) {
    return undefined;
  }
  return mistakes.map(({ path, code, message, hint }) => (
    <span key={`${path} ${code}`} className={styles.mistake}>
      <Prose text={hint === null ? sentence(message) : `${sentence(message)} ${sentence(hint)}`} />
    </span>
  ));
}

export function TextAt({ path, label, about, placeholder, required, found }: FieldProps) {
  const form = useDefinitionForm();
  return (
    <TextInput
      label={label}
      description={about}
      placeholder={placeholder}
      required={required}
      value={form.text(path)}
      error={mistakeText(found ?? form.mistakes(path))}
      onChange={(event) => form.put(path, event.currentTarget.value)}
    />
  );
}

/** `prose` is read by people; all else is shown as code is. */
export function LongTextAt({
  path,
  label,
  about,
  placeholder,
  prose = false,
}: FieldProps & { prose?: boolean }) {
  const form = useDefinitionForm();
  return (
    <Textarea
      label={label}
      description={about}
      placeholder={placeholder}
      rows={4}
      className={prose ? undefined : styles.pem}
      value={form.text(path)}
      error={mistakeText(form.mistakes(path))}
      onChange={(event) => form.put(path, event.currentTarget.value)}
    />
  );
}

/** It brings a library that reads numbers: most forms are there before. */
const NumberField = lazy(() =>
  import("./NumberField").then(({ NumberField }) => ({ default: NumberField })),
);

export function NumberAt(props: NumberAtProps) {
  return (
    <Suspense fallback={<TextInput label={props.label} description={props.about} disabled />}>
      <NumberField {...props} />
    </Suspense>
  );
}

interface ChoiceAtProps extends FieldProps {
  choices: { value: string; label: string }[];
  /** What holds where nothing is chosen. It is left out of the definition. */
  usual?: string;
  clearable?: boolean;
}

export function ChoiceAt(props: ChoiceAtProps) {
  const { path, label, about, placeholder, choices, usual, clearable = false } = props;
  const form = useDefinitionForm();
  return (
    <Select
      label={label}
      description={about}
      placeholder={placeholder}
      data={choices}
      required={props.required}
      allowDeselect={false}
      clearable={clearable}
      searchable={choices.length > 8}
      value={form.text(path) || (usual ?? null)}
      error={mistakeText(props.found ?? form.mistakes(path))}
      onChange={(value) => form.put(path, value === null || value === usual ? undefined : value)}
    />
  );
}

export function SwitchAt({ path, label, about, usual = false }: FieldProps & { usual?: boolean }) {
  const form = useDefinitionForm();
  const value = form.value(path);
  return (
    <Checkbox
      label={label}
      description={about}
      checked={typeof value === "boolean" ? value : usual}
      error={mistakeText(form.mistakes(path))}
      onChange={(event) => {
        const checked = event.currentTarget.checked;
        form.put(path, checked === usual ? undefined : checked);
      }}
    />
  );
}

interface SecretAtProps extends FieldProps {
  /** Several lines, such as a key in PEM. */
  long?: boolean;
  /** Whether it stays with the hub wherever the connection leads. */
  stays?: boolean;
  /** Beside the field: a button that makes one, say. */
  beside?: ReactNode;
}

/** A secret is never shown: it is set, or not. It changes only when a new one is typed. */
export function SecretAt({ path, label, about, required, long, stays, beside }: SecretAtProps) {
  const words = useWords().definitions.secret;
  const form = useDefinitionForm();
  const id = useId();
  const [replacing, setReplacing] = useState(false);
  const value = form.text(path);
  const stored = value === PLACEHOLDER;
  const mistakes = form.mistakes(path);
  const leaves = stored && !stays && form.secretsLeave;
  if (stored && !replacing && !leaves && mistakes.length === 0) {
    return (
      <div className={styles.secret}>
        <span className={styles.label}>{label}</span>
        <div className={styles.secretState}>
          <StateMark tone="well">{words.set}</StateMark>
          <Button
            variant="subtle"
            size="compact-sm"
            aria-label={words.replaceNamed(label)}
            onClick={() => setReplacing(true)}
          >
            {words.replace}
          </Button>
          {!required && (
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              aria-label={words.removeNamed(label)}
              onClick={() => form.put(path, undefined)}
            >
              {words.remove}
            </Button>
          )}
        </div>
      </div>
    );
  }
  const shared = {
    id,
    label,
    required: required && !stored,
    description: leaves ? <span className={styles.warning}>{words.again}</span> : about,
    placeholder: stored && !leaves ? words.kept : undefined,
    value: stored ? "" : value,
    error: mistakeText(mistakes),
    autoComplete: "new-password",
    onChange: (event: { currentTarget: { value: string } }) => {
      const typed = event.currentTarget.value;
      // An emptied field means the stored secret again, as long as there is one.
      const before = form.saved === null ? undefined : PLACEHOLDER;
      form.put(path, typed === "" && replacing ? before : typed);
    },
  };
  return (
    <div>
      {long ? (
        <Textarea {...shared} rows={4} className={styles.pem} />
      ) : (
        <PasswordInput {...shared} />
      )}
      {beside}
    </div>
  );
}
