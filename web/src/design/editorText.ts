// What every editor does with its text.
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

/** Writes another text in place of the one that is there. */
export function writeAll(view: EditorView, next: string): void {
  const before = view.state.doc.toString();
  if (next !== before) {
    view.dispatch({ changes: { from: 0, to: before.length, insert: next } });
  }
}

/** Tells what was written, and what the text is called by those who do not see it. */
export const tellingOf = (label: string, changed: (text: string) => void): Extension => [
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ "aria-label": label }),
  EditorView.updateListener.of((update) => {
    if (update.docChanged) {
      changed(update.state.doc.toString());
    }
  }),
];
