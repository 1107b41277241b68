// The editor of JSON itself, loaded when somebody writes a filter. It stands in a shadow root: there
// it styles itself by style sheets that are made, which the policy of the pages allows.
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { linter } from "@codemirror/lint";
import { EditorView } from "@codemirror/view";
import { minimalSetup } from "codemirror";
import { editorLook } from "../design/editorLook";

interface EditorOptions {
  parent: ShadowRoot;
  text: string;
  label: string;
  changed: (text: string) => void;
}

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
      editorLook,
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
