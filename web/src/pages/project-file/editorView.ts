// The editor of YAML itself, loaded with the page of the project file. It stands in a shadow root:
// there it styles itself by style sheets that are made, which the policy of the pages allows.
import { yaml } from "@codemirror/lang-yaml";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { editorLook } from "../../design/editorLook";

export interface LineNote {
  /** From 1. */
  line: number;
  text: string;
}

export interface FileEditor {
  write: (text: string) => void;
  mark: (notes: LineNote[]) => void;
  show: (line: number) => void;
  allowChanges: (allowed: boolean) => void;
  destroy: () => void;
}

interface EditorOptions {
  parent: ShadowRoot;
  text: string;
  label: string;
  /** What the editor's own panels say, in the reader's language. */
  phrases: Readonly<Record<string, string>>;
  changed: (text: string) => void;
}

const gutterLook = EditorView.theme({
  ".cm-gutters": {
    background: "var(--sunken)",
    color: "var(--quiet)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { background: "transparent" },
  "&.cm-focused .cm-activeLine": { background: "var(--hover)" },
  ".cm-scroller": { maxHeight: "60vh", overflow: "auto" },
  ".cm-panels": { background: "var(--sunken)", color: "var(--ink)" },
});

export function openFileEditor(options: EditorOptions): FileEditor {
  const { parent, text, label, phrases, changed } = options;
  const allowance = new Compartment();
  const allowing = (allowed: boolean) => [
    EditorState.readOnly.of(!allowed),
    // Who only reads can still move through the text by keys.
    EditorView.contentAttributes.of({ "aria-readonly": String(!allowed) }),
  ];
  const view = new EditorView({
    parent,
    root: parent,
    doc: text,
    extensions: [
      basicSetup,
      EditorState.phrases.of(phrases),
      yaml(),
      lintGutter(),
      editorLook,
      gutterLook,
      allowance.of(allowing(false)),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) {
          changed(update.state.doc.toString());
        }
      }),
    ],
  });
  return {
    write: (next) => {
      const before = view.state.doc.toString();
      if (next !== before) {
        view.dispatch({ changes: { from: 0, to: before.length, insert: next } });
      }
    },
    mark: (notes) => view.dispatch(setDiagnostics(view.state, diagnosticsOf(view, notes))),
    show: (line) => {
      const { from } = lineAt(view, line);
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from) });
      view.focus();
    },
    allowChanges: (allowed) => {
      view.dispatch({ effects: allowance.reconfigure(allowing(allowed)) });
    },
    destroy: () => view.destroy(),
  };
}

const lineAt = (view: EditorView, line: number) =>
  view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));

function diagnosticsOf(view: EditorView, notes: LineNote[]): Diagnostic[] {
  return [...notes]
    .sort((one, other) => one.line - other.line)
    .map(({ line, text }) => {
      const { from, to } = lineAt(view, line);
      return { from, to, severity: "error", message: text };
    });
}
