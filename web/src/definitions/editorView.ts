// The editor of JSON itself, loaded when somebody writes a filter. It stands in a shadow root: there
// it styles itself by style sheets that are made, which the policy of the pages allows.
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { linter } from "@codemirror/lint";
import { EditorView } from "@codemirror/view";
import { minimalSetup } from "codemirror";

interface EditorOptions {
  parent: ShadowRoot;
  text: string;
  label: string;
  changed: (text: string) => void;
}

const look = EditorView.theme({
  "&": {
    color: "var(--ink)",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    borderRadius: "4px",
    fontSize: "13px",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-content": {
    fontFamily: "var(--monospace)",
    minHeight: "88px",
    padding: "8px 0",
    caretColor: "var(--ink)",
  },
  ".cm-line": { padding: "0 12px" },
  // The colours of the usual look are made for white paper only.
  ".cm-content .cm-line span": { color: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    background: "var(--accent-wash)",
  },
  ".cm-tooltip": { background: "var(--raised)", borderColor: "var(--line)", color: "var(--ink)" },
});

export function openEditor({ parent, text, label, changed }: EditorOptions): EditorView {
  const check = jsonParseLinter();
  return new EditorView({
    parent,
    root: parent,
    doc: text,
    extensions: [
      minimalSetup,
      json(),
      // Nothing asked for is no mistake.
      linter((view) => (view.state.doc.toString().trim() === "" ? [] : check(view))),
      look,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) {
          changed(update.state.doc.toString());
        }
      }),
    ],
  });
}
