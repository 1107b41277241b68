// The editor of jobs itself, loaded with the first job that is shown.
import { type Completion, type CompletionContext, snippet } from "@codemirror/autocomplete";
import { javascript, javascriptLanguage } from "@codemirror/lang-javascript";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Diagnostic } from "@codemirror/lint";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { editorFrame } from "../../design/editorLook";
import {
  type LongEditor,
  type LongEditorOptions,
  lineAt,
  markAll,
  openLongEditor,
} from "../../design/longEditor";
import type { Offered } from "./completions";
import type { JobProblem } from "./queries";

export interface JobEditorView extends LongEditor {
  insert: (text: string) => void;
  mark: (problems: readonly JobProblem[]) => void;
}

interface EditorOptions extends LongEditorOptions {
  /** What can be written, at the moment when it is asked for. */
  offered: () => readonly Offered[];
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null], color: "var(--accent)" },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: "var(--amber)" },
  { tag: [tags.comment], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.invalid], color: "var(--red)" },
]);

const jobLook = EditorView.theme({
  ".cm-content, .cm-gutter": { minHeight: "var(--job-height, 0px)" },
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
  const editor = openLongEditor(options, [
    javascript(),
    javascriptLanguage.data.of({ autocomplete: completing(options.offered) }),
    syntaxHighlighting(colours),
    editorFrame,
    jobLook,
  ]);
  const { view } = editor;
  return {
    ...editor,
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
    mark: (problems) =>
      markAll(
        view,
        problems.map((problem) => diagnosticOf(view, problem)),
      ),
  };
}

function diagnosticOf(
  view: EditorView,
  { line, column, message, hint, is_warning }: JobProblem,
): Diagnostic {
  const { from, to, length } = lineAt(view, line ?? 1);
  const at = Math.min(from + Math.max(0, (column ?? 1) - 1), to);
  return {
    from: length === 0 ? from : Math.min(at, to - 1),
    to,
    severity: is_warning ? "warning" : "error",
    message: hint === null ? message : `${message}. ${hint}`,
  };
}
