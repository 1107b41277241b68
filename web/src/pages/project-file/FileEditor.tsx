// The text of the project file.
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { LoadedEditor, useLoadedEditor } from "../../design/LoadedEditor";
import { useWords } from "../../i18n/words";
import type { LineNote } from "./editorView";

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
  const latest = useRef(changed);
  useEffect(() => {
    latest.current = changed;
  });
  const { host, editor } = useLoadedEditor(label, text, async () => {
    const { openFileEditor } = await import("./editorView");
    const tell = (next: string) => latest.current(next);
    return (parent) => openFileEditor({ parent, text, label, phrases, changed: tell });
  });
  useEffect(() => editor?.allowChanges(mayChange), [editor, mayChange]);
  useEffect(() => editor?.mark(notes), [editor, notes]);
  useImperativeHandle(ref, () => ({ show: (line) => editor?.show(line) }), [editor]);
  return (
    <LoadedEditor
      host={host}
      editor={editor}
      label={label}
      text={text}
      rows={24}
      changed={mayChange ? changed : undefined}
    />
  );
}
