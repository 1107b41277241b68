// The text of a job: a plain field until the editor is there, and where it cannot be loaded.
import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { useFlowWords } from "../../i18n/flows";
import type { Offered } from "./completions";
import type { JobEditorView } from "./jobEditorView";
import type { JobProblem } from "./queries";
import styles from "./workflows.module.css";

export interface JobEditorHandle {
  insert: (text: string) => void;
}

interface JobEditorProps {
  label: string;
  text: string;
  /** Left out where it is only read. */
  changed?: (text: string) => void;
  offered?: readonly Offered[];
  problems?: readonly JobProblem[];
  ref?: Ref<JobEditorHandle>;
}

const NONE: readonly never[] = [];

export function JobEditor(props: JobEditorProps) {
  const { label, text, changed, offered = NONE, problems = NONE, ref } = props;
  const phrases = useFlowWords().workflows.editor.phrases;
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<JobEditorView | null>(null);
  const latest = useRef({ text, phrases, changed, offered });
  useEffect(() => {
    latest.current = { text, phrases, changed, offered };
  });
  useEffect(() => {
    let opened: JobEditorView | null = null;
    let gone = false;
    import("./jobEditorView").then(
      ({ openJobEditor }) => {
        if (gone || host.current === null) {
          return;
        }
        const parent = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
        opened = openJobEditor({
          parent,
          text: latest.current.text,
          label,
          phrases: latest.current.phrases,
          offered: () => latest.current.offered,
          changed: (next) => latest.current.changed?.(next),
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
  const mayChange = changed !== undefined;
  useEffect(() => editor?.write(text), [editor, text]);
  useEffect(() => editor?.allowChanges(mayChange), [editor, mayChange]);
  useEffect(() => editor?.mark(problems), [editor, problems]);
  useImperativeHandle(ref, () => ({ insert: (wanted) => editor?.insert(wanted) }), [editor]);
  return (
    <>
      <div ref={host} data-editor={label} />
      {editor === null && (
        <textarea
          className={styles.plainEditor}
          aria-label={label}
          rows={12}
          spellCheck={false}
          readOnly={!mayChange}
          value={text}
          onChange={(event) => changed?.(event.currentTarget.value)}
        />
      )}
    </>
  );
}
