// The editor of jobs itself, loaded with the first job that is shown. It stands in a shadow root:
// there it styles itself by style sheets that are made, which the policy of the pages allows.
import { type Completion, type CompletionContext, snippet } from "@codemirror/autocomplete";
import { javascript, javascriptLanguage } from "@codemirror/lang-javascript";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import { editorFrame } from "../../design/editorLook";
import type { Offered } from "./completions";
import type { JobProblem } from "./queries";

export interface JobEditorView {
  write: (text: string) => void;
  insert: (text: string) => void;
  mark: (problems: readonly JobProblem[]) => void;
  allowChanges: (allowed: boolean) => void;
  destroy: () => void;
}

interface EditorOptions {
  parent: ShadowRoot;
  text: string;
  label: string;
  /** What the editor's own panels say, in the reader's language. */
  phrases: Readonly<Record<string, string>>;
  /** What can be written, at the moment when it is asked for. */
  offered: () => readonly Offered[];
  changed: (text: string) => void;
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null], color: "var(--accent)" },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: "var(--amber)" },
  { tag: [tags.comment], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.invalid], color: "var(--red)" },
]);

const jobLook = EditorView.theme({
  ".cm-scroller": { overflow: "auto", maxHeight: "60vh" },
  ".cm-content, .cm-gutter": { minHeight: "var(--job-height, 0px)" },
  ".cm-gutters": {
    background: "var(--sunken)",
    color: "var(--quiet)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { background: "transparent" },
  "&.cm-focused .cm-activeLine": { background: "var(--hover)" },
  ".cm-panels": { background: "var(--sunken)", color: "var(--ink)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--selected)",
    color: "var(--ink)",
  },
  ".cm-completionDetail": { color: "var(--quiet)" },
  ".cm-completionInfo": { maxWidth: "320px", padding: "8px 12px" },
});

/** `$` and `state` are what every job begins with. */
const STATE = /(?:\$|\bstate)\.\w*$/;
const STATE_KEYS = ["data", "references", "errors", "configuration", "request", "response"];

function completing(offered: EditorOptions["offered"]) {
  return (context: CompletionContext) => {
    const state = context.matchBefore(STATE);
    if (state !== null) {
      const from = state.from + state.text.indexOf(".") + 1;
      return { from, options: STATE_KEYS.map((label) => ({ label, type: "property" })) };
    }
    const word = context.matchBefore(/[\w.]+$/);
    if (word === null && !context.explicit) {
      return null;
    }
    return {
      from: word?.from ?? context.pos,
      options: offered().map(completionOf),
      validFor: /^[\w.]*$/,
    };
  };
}

function completionOf(offer: Offered): Completion {
  const { name, parameters, summary, adaptor, example } = offer;
  return {
    label: name,
    type: "function",
    detail: adaptor,
    apply: snippet(`${name}(\${})`),
    info: () => {
      const told = document.createElement("div");
      const signature = document.createElement("code");
      signature.textContent = `${name}${parameters}`;
      const text = document.createElement("p");
      text.textContent = summary;
      told.append(signature, text);
      if (example) {
        const shown = document.createElement("pre");
        shown.textContent = example;
        told.append(shown);
      }
      return told;
    },
  };
}

export function openJobEditor(options: EditorOptions): JobEditorView {
  const { parent, text, label, phrases, offered, changed } = options;
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
      javascript(),
      javascriptLanguage.data.of({ autocomplete: completing(offered) }),
      syntaxHighlighting(colours),
      lintGutter(),
      editorFrame,
      jobLook,
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
    insert: (wanted) => {
      // A call stands on lines of its own, behind the line of the cursor.
      const line = view.state.doc.lineAt(view.state.selection.main.head);
      const insert = line.text.trim() === "" ? wanted : `\n${wanted}`;
      view.dispatch({
        changes: { from: line.to, insert },
        selection: { anchor: line.to + insert.length },
        scrollIntoView: true,
      });
      view.focus();
    },
    mark: (problems) => view.dispatch(setDiagnostics(view.state, diagnosticsOf(view, problems))),
    allowChanges: (allowed) => view.dispatch({ effects: allowance.reconfigure(allowing(allowed)) }),
    destroy: () => view.destroy(),
  };
}

function diagnosticsOf(view: EditorView, problems: readonly JobProblem[]): Diagnostic[] {
  const { doc } = view.state;
  return problems
    .map(({ line, column, message, hint, is_warning }): Diagnostic => {
      const { from, to, length } = doc.line(Math.max(1, Math.min(line ?? 1, doc.lines)));
      const at = Math.min(from + Math.max(0, (column ?? 1) - 1), to);
      return {
        from: length === 0 ? from : Math.min(at, to - 1),
        to,
        severity: is_warning ? "warning" : "error",
        message: hint === null ? message : `${message}. ${hint}`,
      };
    })
    .sort((one, other) => one.from - other.from);
}
