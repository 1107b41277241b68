// The fields of the editor that other definitions do not have: people, choices among what the form names
// itself, lists that are written a line each, and names that other places use.
import { Checkbox, MultiSelect, Textarea, TextInput } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";
import type { Value } from "../../../definitions/definition";
import { ChoiceAt, type FieldProps, mistakeText } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { type Named, useAround, withChosen } from "./around";
import styles from "./editor.module.css";
import { countWithMore, itemsOf, linesOf, textOfItems } from "./lines";
import { addedFields, USUAL_DISPLAY, whoAt } from "./shape";

/** Whom a list can name, by what is to be done. */
const OTHERS = {
  pages: ["_submitter", "logged-users"],
  submitting: ["logged-users"],
  calling: ["_submitter", "logged-users", "_signed_calls"],
  hooking: ["_submitter", "logged-users", "_signed_calls", "anyone"],
} as const;

interface WhoAtProps extends FieldProps {
  kind?: keyof typeof OTHERS;
}

export function WhoAt({ path, label, about, required, kind = "pages" }: WhoAtProps) {
  const words = useOwnFormWords().formEditor.who;
  const form = useDefinitionForm();
  const { functions, roles } = useAround();
  const chosen = whoAt(form.definition, path);
  const others = OTHERS[kind].map((value) => ({ value, label: words[value] }));
  const all = [...functions, ...roles, ...others];
  return (
    <MultiSelect
      searchable
      label={label}
      description={about}
      required={required}
      data={[
        { group: words.parts, items: functions },
        { group: words.roles, items: roles },
        {
          group: words.others,
          items: withChosen(all, chosen).slice(functions.length + roles.length),
        },
      ]}
      value={chosen}
      error={mistakeText(form.mistakes(path))}
      onChange={(next) => form.put(path, next.length === 0 ? undefined : next)}
    />
  );
}

interface SomeAtProps extends FieldProps {
  choices: readonly Named[];
}

/** Several of what is known. */
export function SomeAt({ path, label, about, choices }: SomeAtProps) {
  const form = useDefinitionForm();
  const chosen = whoAt(form.definition, path);
  return (
    <MultiSelect
      searchable
      label={label}
      description={about}
      data={withChosen(choices, chosen)}
      value={chosen}
      error={mistakeText(form.mistakes(path))}
      onChange={(next) => form.put(path, next.length === 0 ? undefined : next)}
    />
  );
}

interface PickAtProps extends SomeAtProps {
  usual?: string;
  clearable?: boolean;
}

/** One of what is known. */
export function PickAt({ choices, ...field }: PickAtProps) {
  const form = useDefinitionForm();
  return <ChoiceAt {...field} choices={withChosen(choices, [form.text(field.path)])} />;
}

/** The fields that take a file on the way. */
export function FileFieldAt({ path, label }: { path: string; label: string }) {
  const words = useOwnFormWords().formEditor.action;
  const { definition } = useDefinitionForm();
  const files = addedFields(definition).filter(({ type }) => type === "file");
  return (
    <PickAt
      path={path}
      label={label}
      placeholder={words.noField}
      clearable
      choices={files.map(({ key, label: name }) => ({ value: key, label: name }))}
    />
  );
}

/** A list of texts, a line each. */
export function LinesAt({ path, label, about, keeps = false }: FieldProps & { keeps?: boolean }) {
  const form = useDefinitionForm();
  const [text, setText] = useState(() => whoAt(form.definition, path).join("\n"));
  return (
    <Textarea
      label={label}
      description={about}
      autosize
      minRows={2}
      maxRows={12}
      value={text}
      error={mistakeText(form.mistakes(path))}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        const lines = linesOf(currentTarget.value);
        form.put(path, lines.length === 0 && !keeps ? undefined : lines);
      }}
    />
  );
}

/** The choices of a field. */
export function ItemsAt({ path }: { path: string }) {
  const words = useOwnFormWords().formEditor.fields;
  const form = useDefinitionForm();
  // Those that were there first: what is half typed has no attributes, and gets them back when it is whole.
  const [before] = useState<Value | undefined>(() => form.value(path));
  const [text, setText] = useState(() => textOfItems(before));
  const more = countWithMore(form.value(path));
  return (
    <Textarea
      label={words.items}
      description={
        <>
          {words.itemsAbout} {more > 0 && words.itemsMore(more)}
        </>
      }
      className={styles.lines}
      autosize
      minRows={3}
      maxRows={16}
      value={text}
      error={mistakeText(form.mistakes(path))}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        const items = itemsOf(currentTarget.value, before);
        form.put(path, items.length === 0 ? undefined : items);
      }}
    />
  );
}

/** Where a field is shown. */
export function DisplayAt({ path }: { path: string }) {
  const words = useOwnFormWords().formEditor.fields;
  const form = useDefinitionForm();
  const value = form.value(path);
  const shown = Array.isArray(value) ? value.map(String) : USUAL_DISPLAY;
  const names = Object.entries(words.displays);
  return (
    <fieldset className={styles.check}>
      <legend>{words.display}</legend>
      <div className={styles.checks}>
        {names.map(([name, label]) => (
          <Checkbox
            key={name}
            label={label}
            checked={shown.includes(name)}
            onChange={({ currentTarget }) => {
              const next = names
                .map(([each]) => each)
                .filter((each) => (each === name ? currentTarget.checked : shown.includes(each)));
              form.put(path, next.join() === USUAL_DISPLAY.join() ? undefined : next);
            }}
          />
        ))}
      </div>
      {form.mistakes(path).length > 0 && (
        <p className={styles.mistakes}>{mistakeText(form.mistakes(path))}</p>
      )}
    </fieldset>
  );
}

interface IdFieldProps {
  label: string;
  about?: string;
  value: string;
  /** What is wrong with what is typed; undefined where nothing is. */
  faultOf?: (typed: string) => string | undefined;
  error?: React.ReactNode;
  disabled?: boolean;
  change: (next: string) => void;
}

/** A name that other places use: it is another one only when all of it is typed, so that they follow. */
export function IdField({ label, about, value, faultOf, error, disabled, change }: IdFieldProps) {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setTyped(value);
  }
  const fault = typed === value ? undefined : faultOf?.(typed);
  const done = () => {
    if (typed !== value && fault === undefined) {
      change(typed);
    }
  };
  return (
    <TextInput
      label={label}
      description={about}
      value={typed}
      error={fault ?? error}
      disabled={disabled}
      spellCheck={false}
      autoComplete="off"
      onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      onBlur={done}
      onKeyDown={({ key }: KeyboardEvent) => {
        if (key === "Enter") {
          done();
        }
      }}
    />
  );
}
