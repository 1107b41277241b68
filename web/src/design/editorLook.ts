// The look of editors: the colours and the type of the page around them.
import { EditorView } from "@codemirror/view";

/** All but the colours of what is written. */
export const editorFrame = [
  // The text takes the focus by itself, but only this says so to those who look at the page's tree.
  EditorView.contentAttributes.of({ tabindex: "0" }),
  EditorView.theme({
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
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
      background: "var(--accent-wash)",
    },
    ".cm-tooltip": { background: "var(--raised)", borderColor: "var(--line)", color: "var(--ink)" },
  }),
];

/** The colours of the usual look are made for white paper only: here all is ink. */
export const editorLook = [
  editorFrame,
  EditorView.theme({ ".cm-content .cm-line span": { color: "var(--ink)" } }),
];
