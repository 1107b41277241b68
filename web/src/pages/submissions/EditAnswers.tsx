// The form in which answers are changed, by the fields of the definition. What is not changed is not sent.
import {
  Button,
  Checkbox,
  FileInput,
  Group,
  MultiSelect,
  Select,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { mistakeText } from "../../definitions/fields";
import { type Mistake, mistakesOf } from "../../definitions/mistakes";
import { definedQuery } from "../../definitions/queries";
import { ErrorNote } from "../../design/ErrorNote";
import { useFormat, useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import {
  type AskedField,
  askedIn,
  begun,
  canChange,
  degreesOf,
  emptyRow,
  inBase64,
  positionOf,
  type Sent,
} from "./answersForm";
import styles from "./lifecycle.module.css";
import { changeAnswers, type LifecycleAction, type Submission } from "./queries";

interface EditAnswersProps {
  project: string;
  submission: Submission;
  /** The name of its form. */
  form: string;
  action: LifecycleAction;
  done: () => void;
  close: () => void;
}

export function EditAnswers(props: EditAnswersProps) {
  const query = useQuery(definedQuery(props.project, "form-definitions", props.form));
  return (
    <Loaded query={query}>
      {({ definition }) => <Fields {...props} asked={askedIn(definition)} />}
    </Loaded>
  );
}

function Fields(props: EditAnswersProps & { asked: AskedField[] }) {
  const { project, submission, action, asked, done, close } = props;
  const { common, submissions } = useWords();
  const words = submissions.lifecycle.edit;
  const [changed, setChanged] = useState<Readonly<Record<string, Sent>>>({});
  const changing = useMutation({
    mutationFn: () => changeAnswers(project, submission.id, action.action, changed),
    onSuccess: done,
  });
  const mistakes = mistakesOf(changing.error);
  const ofField = (key: string) =>
    mistakes.filter(
      ({ path }) => path === key || (/^[.[]/.test(path.slice(key.length)) && path.startsWith(key)),
    );
  const fixed = asked.filter((field) => !canChange(field));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changing.mutate();
  };
  return (
    <form className={styles.answers} onSubmit={submit} noValidate aria-label={action.label}>
      {asked.filter(canChange).map((field) => (
        <AnswerField
          key={field.key}
          field={field}
          value={changed[field.key] ?? begun(field, submission.values)}
          change={(value) => setChanged({ ...changed, [field.key]: value })}
          mistakes={ofField(field.key)}
        />
      ))}
      {fixed.length > 0 && (
        <p className={styles.quiet}>{words.stays(fixed.map(({ label }) => label).join(", "))}</p>
      )}
      {changing.error !== null &&
        (mistakes.length === 0 ? (
          <ErrorNote error={changing.error} />
        ) : (
          <p role="alert" className={styles.wrong}>
            {words.wrong}
          </p>
        ))}
      <Group gap="xs">
        <Button
          type="submit"
          loading={changing.isPending}
          disabled={Object.keys(changed).length === 0}
        >
          {words.save}
        </Button>
        <Button variant="default" onClick={close}>
          {common.cancel}
        </Button>
      </Group>
    </form>
  );
}

interface AnswerFieldProps {
  field: AskedField;
  value: Sent;
  change: (value: Sent) => void;
  mistakes: readonly Mistake[];
}

const lines = (text: string) => text.split("\n").filter((line) => line.trim() !== "");
const textsOf = (value: Sent): string[] => (Array.isArray(value) ? value.map(String) : []);

function AnswerField({ field, value, change, mistakes }: AnswerFieldProps) {
  const { type, label, hint, required, items } = field;
  const shared = {
    label,
    description: hint === "" ? undefined : hint,
    required,
    error: mistakeText(mistakes),
  };
  const text = typeof value === "string" ? value : "";
  switch (type) {
    case "block":
    case "table":
    case "tablerows":
      return <Rows field={field} value={value} change={change} mistakes={mistakes} />;
    case "bool":
      return (
        <Checkbox
          {...shared}
          checked={value === true}
          onChange={({ currentTarget }) => change(currentTarget.checked)}
        />
      );
    case "file":
      return <FileAnswer shared={shared} value={value} change={change} />;
    case "map":
      return <Position shared={shared} value={value} change={change} />;
    case "text":
      return (
        <Textarea
          {...shared}
          autosize
          minRows={2}
          value={text}
          onChange={({ currentTarget }) => change(currentTarget.value)}
        />
      );
    case "items":
    case "ranked-items":
      return items.length === 0 ? (
        <Textarea
          {...shared}
          autosize
          minRows={2}
          value={textsOf(value).join("\n")}
          onChange={({ currentTarget }) => change(lines(currentTarget.value))}
        />
      ) : (
        <MultiSelect {...shared} data={items} value={textsOf(value)} onChange={change} />
      );
    case "item":
      if (items.length > 0) {
        return (
          <Select
            {...shared}
            data={items}
            clearable
            searchable={items.length > 8}
            value={text === "" ? null : text}
            onChange={(next) => change(next ?? "")}
          />
        );
      }
  }
  return (
    <TextInput
      {...shared}
      type={type === "date" ? "date" : type === "email" ? "email" : "text"}
      inputMode={type === "numeric" ? "decimal" : undefined}
      value={text}
      onChange={({ currentTarget }) => change(currentTarget.value)}
    />
  );
}

interface Shared {
  label: string;
  description: string | undefined;
  required: boolean;
  error: ReactNode;
}

interface OwnFieldProps extends Pick<AnswerFieldProps, "value" | "change"> {
  shared: Shared;
}

/** The file that is there stays until another one is chosen. */
function FileAnswer({ shared, value, change }: OwnFieldProps) {
  const words = useWords().submissions.lifecycle.edit;
  const [chosen, setChosen] = useState<File | null>(null);
  const before = typeof value === "string" && value !== "" ? value : null;
  const choose = async (file: File | null) => {
    setChosen(file);
    if (file === null) {
      change(null);
      return;
    }
    const content = inBase64(new Uint8Array(await file.arrayBuffer()));
    change({ filename: file.name, content_type: file.type, content });
  };
  return (
    <FileInput
      {...shared}
      placeholder={before === null ? words.choose : words.kept(before)}
      clearable
      clearButtonProps={{ "aria-label": words.noFile }}
      value={chosen}
      onChange={(file) => void choose(file)}
    />
  );
}

function Position({ shared, value, change }: OwnFieldProps) {
  const words = useWords().submissions.lifecycle.edit;
  const [latitude, longitude] = degreesOf(value);
  return (
    <fieldset className={styles.position}>
      <legend>{shared.label}</legend>
      <TextInput
        label={words.latitude}
        inputMode="decimal"
        value={latitude}
        error={shared.error}
        onChange={({ currentTarget }) => change(positionOf(currentTarget.value, longitude))}
      />
      <TextInput
        label={words.longitude}
        inputMode="decimal"
        value={longitude}
        onChange={({ currentTarget }) => change(positionOf(latitude, currentTarget.value))}
      />
    </fieldset>
  );
}

/** The rows of a block or of a table. */
function Rows({ field, value, change, mistakes }: AnswerFieldProps) {
  const words = useWords().submissions.lifecycle.edit;
  const format = useFormat();
  const rows = Array.isArray(value) ? value : [];
  const put = (index: number, row: Sent) => change(rows.toSpliced(index, 1, row));
  return (
    <fieldset className={styles.rows}>
      <legend>{field.label}</legend>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
        <fieldset key={index} className={styles.rowOf}>
          <legend>{words.row(format.number(index + 1))}</legend>
          {Array.isArray(row)
            ? field.columns.map((column, place) => (
                <TextInput
                  key={column}
                  label={column}
                  value={String(row[place] ?? "")}
                  onChange={({ currentTarget }) => {
                    const cells = field.columns.map((_, each) => row[each] ?? "");
                    put(index, cells.toSpliced(place, 1, currentTarget.value));
                  }}
                />
              ))
            : field.fields.map((inner) => {
                const answers =
                  typeof row === "object" && row !== null ? (row as Record<string, Sent>) : {};
                return (
                  <AnswerField
                    key={inner.key}
                    field={inner}
                    value={answers[inner.key] ?? ""}
                    change={(next) => put(index, { ...answers, [inner.key]: next })}
                    mistakes={[]}
                  />
                );
              })}
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            onClick={() => change(rows.toSpliced(index, 1))}
          >
            {words.removeRow(format.number(index + 1))}
          </Button>
        </fieldset>
      ))}
      {mistakes.length > 0 && <p className={styles.wrong}>{mistakeText(mistakes)}</p>}
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<Plus size={14} />}
          onClick={() => change([...rows, emptyRow(field)])}
        >
          {words.addRow}
        </Button>
      </div>
    </fieldset>
  );
}
