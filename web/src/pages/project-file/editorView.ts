// The editor of YAML itself, loaded with the page of the project file.
import { yaml } from "@codemirror/lang-yaml";
import { EditorView } from "@codemirror/view";
import { editorLook } from "../../design/editorLook";
import {
  type LongEditor,
  type LongEditorOptions,
  lineAt,
  markAll,
  openLongEditor,
} from "../../design/longEditor";

export interface LineNote {
  /** From 1. */
  line: number;
  text: string;
}

export interface FileEditor extends LongEditor {
  mark: (notes: readonly LineNote[]) => void;
  show: (line: number) => void;
}

export function openFileEditor(options: LongEditorOptions): FileEditor {
  const editor = openLongEditor(options, [yaml(), editorLook]);
  const { view } = editor;
  return {
    ...editor,
    mark: (notes) =>
      markAll(
        view,
        notes.map(({ line, text }) => {
          const { from, to } = lineAt(view, line);
          return { from, to, severity: "error", message: text };
        }),
      ),
    show: (line) => {
      const { from } = lineAt(view, line);
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from) });
      view.focus();
    },
  };
}
