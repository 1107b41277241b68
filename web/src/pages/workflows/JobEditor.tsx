// The text of a job.
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { LoadedEditor, useLoadedEditor } from "../../design/LoadedEditor";
import { useFlowWords } from "../../i18n/flows";
import type { Offered } from "./completions";
import type { JobProblem } from "./queries";

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
  const latest = useRef({ changed, offered });
  useEffect(() => {
    latest.current = { changed, offered };
  });
  const { host, editor } = useLoadedEditor(label, text, async () => {
    const { openJobEditor } = await import("./jobEditorView");
    const tell = (next: string) => latest.current.changed?.(next);
    const options = { text, label, phrases, changed: tell, offered: () => latest.current.offered };
    return (parent) => openJobEditor({ parent, ...options });
  });
  const mayChange = changed !== undefined;
  useEffect(() => editor?.allowChanges(mayChange), [editor, mayChange]);
  useEffect(() => editor?.mark(problems), [editor, problems]);
  useImperativeHandle(ref, () => ({ insert: (wanted) => editor?.insert(wanted) }), [editor]);
  return (
    <LoadedEditor
      host={host}
      editor={editor}
      label={label}
      text={text}
      rows={12}
      changed={changed}
    />
  );
}
