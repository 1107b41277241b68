// What a form asks, in its order, in one of its languages.
import { Select } from "@mantine/core";
import { useState } from "react";
import table from "../../design/table.module.css";
import filed from "../../filed/filed.module.css";
import { labelFor } from "../../filed/labels";
import type { FormField } from "../../filed/queries";
import { useLanguage, useWords } from "../../i18n/words";
import styles from "./forms.module.css";
import { levelOf } from "./levels";

interface QuestionsProps {
  /** Null where the form has no definition. */
  fields: FormField[] | null | undefined;
  languages: string[];
}

export function Questions({ fields, languages }: QuestionsProps) {
  const words = useWords().forms;
  const [chosen, setChosen] = useState<string | null>(null);
  const { language } = useLanguage();
  if (fields == null) {
    return <p className={filed.quiet}>{words.noQuestions}</p>;
  }
  const labelOf = (labels: FormField["labels"]) =>
    (chosen === null ? undefined : labels[chosen]) ?? labelFor(labels, language);
  return (
    <>
      {languages.length > 1 && (
        <Select
          className={styles.language}
          size="xs"
          label={words.questions.language}
          placeholder={words.questions.own}
          data={languages}
          value={chosen}
          clearable
          openOnFocus={false}
          onChange={setChosen}
        />
      )}
      <div className={table.wide}>
        <table className={table.table}>
          <thead>
            <tr>
              <th>{words.questions.question}</th>
              <th>{words.questions.path}</th>
              <th>{words.columns.type}</th>
              <th>{words.questions.required}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <Question
                key={`${field.kind} ${field.path}`}
                field={field}
                label={labelOf(field.labels)}
                labelOf={labelOf}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

interface QuestionProps {
  field: FormField;
  label: string | null;
  labelOf: (labels: FormField["labels"]) => string | null;
}

function Question({ field, label, labelOf }: QuestionProps) {
  const words = useWords().forms.questions;
  const indent = { paddingLeft: `${levelOf(field.path) * 16}px` };
  if (field.kind !== "answer") {
    return (
      <tr className={styles.group}>
        <td style={indent}>{label ?? field.path}</td>
        <td>
          <code>{field.path}</code>
        </td>
        <td>{field.kind === "repeat" ? words.repeat : words.group}</td>
        <td />
      </tr>
    );
  }
  return (
    <tr>
      <td style={indent}>
        {label ?? <span className={filed.quiet}>{words.noLabel}</span>}
        {field.choices.length > 0 && (
          <details className={styles.choices}>
            <summary>{words.choices(field.choices.length, field.choices_are_more)}</summary>
            <ul>
              {field.choices.map(({ value, labels }) => (
                <li key={value}>
                  <code>{value}</code> {labelOf(labels)}
                </li>
              ))}
            </ul>
          </details>
        )}
      </td>
      <td>
        <code>{field.path}</code>
      </td>
      <td>{field.type == null ? "—" : words.types[field.type]}</td>
      <td>
        {field.required == null || field.required === "false()" ? (
          ""
        ) : field.required === "true()" ? (
          words.yes
        ) : (
          <code>{field.required}</code>
        )}
      </td>
    </tr>
  );
}
