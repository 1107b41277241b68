// JSON in a definition, written by a person: what a message must contain. Its numbers keep their
// digits, and what is no JSON is told while it is typed.
import type { EditorView } from "@codemirror/view";
import { useEffect, useId, useRef, useState } from "react";
import { useFormat, useWords } from "../i18n/words";
import { JsonMistake, parseJson } from "../payload/json";
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
      <Editor
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

interface EditorProps {
  label: string;
  text: string;
  mistakeOf: (text: string) => { offset: number; words: string } | null;
  changed: (text: string) => void;
}

/** A plain field until the editor is there, and where it cannot be loaded. */
function Editor({ label, text, mistakeOf, changed }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ text, mistakeOf, changed });
  const [there, setThere] = useState(false);
  useEffect(() => {
    latest.current = { text, mistakeOf, changed };
  });
  useEffect(() => {
    let gone = false;
    import("./editorView").then(
      ({ openEditor }) => {
        if (gone || host.current === null) {
          return;
        }
        const parent = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
        view.current = openEditor({
          parent,
          text: latest.current.text,
          label,
          mistakeOf: (written) => latest.current.mistakeOf(written),
          changed: (next) => latest.current.changed(next),
        });
        setThere(true);
      },
      // The field stays, and does as well.
      () => {},
    );
    return () => {
      gone = true;
      view.current?.destroy();
      view.current = null;
    };
  }, [label]);
  // What was changed from elsewhere is shown as well.
  useEffect(() => {
    const editor = view.current;
    if (editor !== null && editor.state.doc.toString() !== text) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    }
  }, [text]);
  return (
    <>
      <div ref={host} data-editor={label} />
      {!there && (
        <textarea
          className={styles.plainEditor}
          aria-label={label}
          rows={5}
          spellCheck={false}
          value={text}
          onChange={(event) => changed(event.currentTarget.value)}
        />
      )}
    </>
  );
}
