// JSON in a definition, written by a person: what a message must contain. Its numbers keep their
// digits, and what is no JSON is told while it is typed.
import { useId } from "react";
import { useFormat, useWords } from "../i18n/words";
import { JsonMistake, parseJson } from "../payload/json";
import { CodeEditor } from "./CodeEditor";
import { Exact } from "./definition";
import styles from "./definitions.module.css";
import { mistakeText } from "./fields";
import { useDefinitionForm } from "./form";

interface JsonAtProps {
  path: string;
  label: string;
  about?: string;
}

/** What is wrong with a text as JSON; null where nothing is, or nothing is there. */
export function jsonMistake(text: string): JsonMistake | null {
  try {
    if (text.trim() !== "") {
      parseJson(text);
    }
    return null;
  } catch (error) {
    if (error instanceof JsonMistake) {
      return error;
    }
    throw error;
  }
}

/** Whether all that was written as JSON is JSON. */
export const allReadable = (values: unknown[]): boolean =>
  values.every((value) => !(value instanceof Exact) || jsonMistake(value.text) === null);

export function JsonAt({ path, label, about }: JsonAtProps) {
  const words = useWords().definitions;
  const format = useFormat();
  const form = useDefinitionForm();
  const id = useId();
  const value = form.value(path);
  const text = value instanceof Exact ? value.text : "";
  const told = (each: JsonMistake) =>
    words.noJson(words.jsonFaults[each.fault], format.number(each.offset + 1));
  const mistakeOf = (written: string) => {
    const found = jsonMistake(written);
    return found === null ? null : { offset: found.offset, words: told(found) };
  };
  const mistake = jsonMistake(text);
  const mistakes = form.mistakes(path);
  return (
    <div className={styles.secret}>
      <span id={id} className={styles.label}>
        {label}
      </span>
      {about !== undefined && <span className={styles.about}>{about}</span>}
      <CodeEditor
        language="json"
        label={label}
        text={text}
        mistakeOf={mistakeOf}
        changed={(next) => form.put(path, next.trim() === "" ? undefined : new Exact(next))}
      />
      {mistake !== null && (
        <p className={styles.mistakes} role="status">
          {told(mistake)}
        </p>
      )}
      {mistakes.length > 0 && <p className={styles.mistakes}>{mistakeText(mistakes)}</p>}
    </div>
  );
}
