// The editor of JSON and of templates, loaded when somebody writes a filter or a template. It stands in
// a shadow root: there it styles itself by style sheets that are made, which the policy of the pages
// allows.
import { json } from "@codemirror/lang-json";
import { type Diagnostic, linter } from "@codemirror/lint";
import { EditorView } from "@codemirror/view";
import { minimalSetup } from "codemirror";
import { editorLook } from "../design/editorLook";
import { tellingOf, writeAll } from "../design/editorText";

/** What is written: JSON, or a text in which nothing is marked. */
export type EditorLanguage = "json" | "text";

interface EditorOptions {
  parent: ShadowRoot;
  text: string;
  label: string;
  language: EditorLanguage;
  /** What is wrong with a text, and where. */
  mistakeOf: (text: string) => { offset: number; words: string } | null;
  changed: (text: string) => void;
}

/** What a page does with it. */
interface CodeEditorView {
  write: (text: string) => void;
  destroy: () => void;
}

export function openEditor(options: EditorOptions): CodeEditorView {
  const { parent, text, label, language, mistakeOf, changed } = options;
  const check = (view: EditorView): Diagnostic[] => {
    const { doc } = view.state;
    const mistake = mistakeOf(doc.toString());
    if (mistake === null) {
      return [];
    }
    const from = Math.min(mistake.offset, doc.length);
    return [
      { from, to: Math.min(from + 1, doc.length), severity: "error", message: mistake.words },
    ];
  };
  const view = new EditorView({
    parent,
    root: parent,
    doc: text,
    extensions: [
      minimalSetup,
      language === "json" ? json() : [],
      linter(check),
      editorLook,
      tellingOf(label, changed),
    ],
  });
  return { write: (next) => writeAll(view, next), destroy: () => view.destroy() };
}
