// The editor of a long text: a job, the file of a project. It has a gutter, scrolls by itself and can be
// open to be read alone. It stands in a shadow root: there it styles itself by style sheets that are made,
// which the policy of the pages allows.
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, type Extension, type Line } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { tellingOf, writeAll } from "./editorText";

export interface LongEditor {
  view: EditorView;
  write: (text: string) => void;
  allowChanges: (allowed: boolean) => void;
  destroy: () => void;
}

export interface LongEditorOptions {
  parent: ShadowRoot;
  text: string;
  label: string;
  /** What the editor's own panels say, in the reader's language. */
  phrases: Readonly<Record<string, string>>;
  changed: (text: string) => void;
}

const look = EditorView.theme({
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

/** Opens one with what makes it an editor of a language. */
export function openLongEditor(options: LongEditorOptions, language: Extension): LongEditor {
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
      lintGutter(),
      language,
      look,
      allowance.of(allowing(false)),
      tellingOf(label, changed),
    ],
  });
  return {
    view,
    write: (next) => writeAll(view, next),
    allowChanges: (allowed) => view.dispatch({ effects: allowance.reconfigure(allowing(allowed)) }),
    destroy: () => view.destroy(),
  };
}

/** The line of a number, or the nearest that is there. */
export const lineAt = (view: EditorView, number: number): Line =>
  view.state.doc.line(Math.max(1, Math.min(number, view.state.doc.lines)));

/** Marks what is wrong, from the first to the last. */
export function markAll(view: EditorView, found: readonly Diagnostic[]): void {
  const sorted = [...found].sort((one, other) => one.from - other.from);
  view.dispatch(setDiagnostics(view.state, sorted));
}
