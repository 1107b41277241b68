// The text of the project file: a plain field until the editor is there, and where it cannot be
// loaded.
import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { useWords } from "../../i18n/words";
import type { FileEditor as Editor, LineNote } from "./editorView";
import styles from "./projectFile.module.css";

export interface FileEditorHandle {
  show: (line: number) => void;
}

interface FileEditorProps {
  label: string;
  text: string;
  changed: (text: string) => void;
  mayChange: boolean;
  notes: LineNote[];
  ref?: Ref<FileEditorHandle>;
}

export function FileEditor({ label, text, changed, mayChange, notes, ref }: FileEditorProps) {
  const phrases = useWords().projectFile.editorPhrases;
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor | null>(null);
  const latest = useRef({ text, phrases, changed });
  useEffect(() => {
    latest.current = { text, phrases, changed };
  });
  useEffect(() => {
    let opened: Editor | null = null;
    let gone = false;
    import("./editorView").then(
      ({ openFileEditor }) => {
        if (gone || host.current === null) {
          return;
        }
        const parent = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
        opened = openFileEditor({
          parent,
          text: latest.current.text,
          label,
          phrases: latest.current.phrases,
          changed: (next) => latest.current.changed(next),
        });
        setEditor(opened);
      },
      // The plain field stays, and does as well.
      () => {},
    );
    return () => {
      gone = true;
      opened?.destroy();
      setEditor(null);
    };
  }, [label]);
  useEffect(() => editor?.write(text), [editor, text]);
  useEffect(() => editor?.allowChanges(mayChange), [editor, mayChange]);
  useEffect(() => editor?.mark(notes), [editor, notes]);
  useImperativeHandle(ref, () => ({ show: (line) => editor?.show(line) }), [editor]);
  return (
    <>
      <div ref={host} data-editor={label} className={styles.editor} />
      {editor === null && (
        <textarea
          className={styles.plain}
          aria-label={label}
          rows={24}
          spellCheck={false}
          readOnly={!mayChange}
          value={text}
          onChange={(event) => changed(event.currentTarget.value)}
        />
      )}
    </>
  );
}
