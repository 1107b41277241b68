// An answer in one line, as tables and lists show it.
import type { Language } from "../i18n/languages";
import { useWords } from "../i18n/words";
import { writeJson } from "../payload/json";
import type { Told } from "./answers";
import styles from "./filed.module.css";
import { labelFor } from "./labels";
import type { FormField } from "./queries";

/** What the choices of a question are called, by what stands in the answer. */
export type Choices = ReadonlyMap<string, string>;

export function choicesOf(field: FormField | undefined, language: Language): Choices {
  return new Map(
    (field?.choices ?? []).map(({ value, labels }) => [value, labelFor(labels, language) ?? value]),
  );
}

const NO_CHOICES: Choices = new Map();

interface AnswerTextProps {
  answer: Told;
  choices?: Choices;
}

export function AnswerText({ answer, choices = NO_CHOICES }: AnswerTextProps) {
  const words = useWords().filed;
  switch (answer.kind) {
    case "none":
      return (
        <span className={styles.quiet} title={words.none}>
          —
        </span>
      );
    case "text": {
      const label = choices.get(answer.text);
      return label === undefined ? answer.text : <span title={answer.text}>{label}</span>;
    }
    case "number":
      return <span className="numbers">{answer.text}</span>;
    case "boolean":
      return answer.value ? words.yes : words.no;
    case "list":
      return (
        <span title={answer.texts.join(" ")}>
          {answer.texts.map((text) => choices.get(text) ?? text).join(", ") || "—"}
        </span>
      );
    case "file":
      return answer.name;
    case "point":
      return (
        <span className="numbers">
          {answer.latitude}, {answer.longitude}
        </span>
      );
    case "shape":
      return words.positions(answer.positions);
    case "entries":
      return words.entries(answer.items.length);
    case "group":
      return <code>{writeJson(answer.node)}</code>;
  }
}
