// An id: its telling end, with the whole of it to copy. Ids begin with the time, so neighbours look
// alike at the front; the last digits tell them apart.
import { Check, Copy, X } from "lucide-react";
import type { MouseEvent } from "react";
import { useWords } from "../i18n/words";
import { useCopying } from "./copy";
import styles from "./Identifier.module.css";

const HEAD = 4;
const TAIL = 6;

/** `0195…7f3a1c`; what is short already stays as it is. */
export function shortened(id: string): string {
  return id.length > HEAD + TAIL + 6 ? `${id.slice(0, HEAD)}…${id.slice(-TAIL)}` : id;
}

interface IdentifierProps {
  id: string;
  /** Shows all of it. */
  whole?: boolean;
  /** Without the button, as in rows that are links themselves. */
  plain?: boolean;
}

export function Identifier({ id, whole = false, plain = false }: IdentifierProps) {
  return (
    <span className={styles.identifier}>
      <code title={id}>{whole ? id : shortened(id)}</code>
      {!plain && <Copying text={id} />}
    </span>
  );
}

/** A small button that copies a text and says so. It is plain, since lists have many. */
export function Copying({ text, label }: { text: string; label?: string }) {
  const words = useWords().common;
  const { state, copy } = useCopying(text);
  const told = { ready: label ?? words.copy, copied: words.copied, failed: words.notCopied };
  const name = told[state];
  const press = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
    copy();
  };
  return (
    <button type="button" className={styles.copy} title={name} aria-label={name} onClick={press}>
      {state === "copied" ? (
        <Check size={14} />
      ) : state === "failed" ? (
        <X size={14} />
      ) : (
        <Copy size={14} />
      )}
    </button>
  );
}
