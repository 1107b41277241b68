// The place of an editor: a plain field until the editor is there, and where it cannot be loaded.
import { type RefObject, useEffect, useRef, useState } from "react";
import styles from "./LoadedEditor.module.css";

/** What a page does with any editor. */
interface AnyEditor {
  write: (text: string) => void;
  destroy: () => void;
}

interface Loaded<Editor> {
  /** Where it is to stand. */
  host: RefObject<HTMLDivElement | null>;
  /** Null until it is there. */
  editor: Editor | null;
}

/** Loads an editor and opens it in its place; another label is another editor. What is written elsewhere is
 *  shown in it as well. */
export function useLoadedEditor<Editor extends AnyEditor>(
  label: string,
  text: string,
  load: () => Promise<(parent: ShadowRoot) => Editor>,
): Loaded<Editor> {
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor | null>(null);
  const latest = useRef(load);
  useEffect(() => {
    latest.current = load;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another label is another editor
  useEffect(() => {
    let opened: Editor | null = null;
    let gone = false;
    latest.current().then(
      (open) => {
        if (gone || host.current === null) {
          return;
        }
        opened = open(host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" }));
        setEditor(opened);
      },
      // The plain field stays, and does as well.
      () => {},
    );
    return () => {
      gone = true;
      opened?.destroy();
      setEditor(null);
    };
  }, [label]);
  useEffect(() => editor?.write(text), [editor, text]);
  return { host, editor };
}

interface LoadedEditorProps extends Loaded<AnyEditor> {
  label: string;
  text: string;
  rows: number;
  /** Left out where the text is only read. */
  changed: ((text: string) => void) | undefined;
}

export function LoadedEditor({ host, editor, label, text, rows, changed }: LoadedEditorProps) {
  return (
    <>
      <div ref={host} data-editor={label} className={styles.host} />
      {editor === null && (
        <textarea
          className={styles.plain}
          aria-label={label}
          rows={rows}
          spellCheck={false}
          readOnly={changed === undefined}
          value={text}
          onChange={(event) => changed?.(event.currentTarget.value)}
        />
      )}
    </>
  );
}
