// A field for what is written in a language: JSON, or a template.
import { useEffect, useRef } from "react";
import { LoadedEditor, useLoadedEditor } from "../design/LoadedEditor";
import type { EditorLanguage } from "./editorView";

interface CodeEditorProps {
  language: EditorLanguage;
  label: string;
  text: string;
  mistakeOf: (text: string) => { offset: number; words: string } | null;
  changed: (text: string) => void;
}

export function CodeEditor({ language, label, text, mistakeOf, changed }: CodeEditorProps) {
  const latest = useRef({ mistakeOf, changed });
  useEffect(() => {
    latest.current = { mistakeOf, changed };
  });
  const { host, editor } = useLoadedEditor(label, text, async () => {
    const { openEditor } = await import("./editorView");
    return (parent) =>
      openEditor({
        parent,
        text,
        label,
        language,
        mistakeOf: (written) => latest.current.mistakeOf(written),
        changed: (next) => latest.current.changed(next),
      });
  });
  return (
    <LoadedEditor
      host={host}
      editor={editor}
      label={label}
      text={text}
      rows={5}
      changed={changed}
    />
  );
}
