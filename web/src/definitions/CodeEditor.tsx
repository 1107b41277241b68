// A field for what is written in a language: JSON, or a template.
import type { EditorView } from "@codemirror/view";
import { useEffect, useRef, useState } from "react";
import styles from "./definitions.module.css";
import type { EditorLanguage } from "./editorView";

interface CodeEditorProps {
  language: EditorLanguage;
  label: string;
  text: string;
  mistakeOf: (text: string) => { offset: number; words: string } | null;
  changed: (text: string) => void;
}

/** A plain field until the editor is there, and where it cannot be loaded. */
export function CodeEditor({ language, label, text, mistakeOf, changed }: CodeEditorProps) {
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
          language,
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
  }, [label, language]);
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
