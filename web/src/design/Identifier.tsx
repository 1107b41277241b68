// An id: its telling end, with the whole of it to copy. Ids begin with the time, so neighbours look
// alike at the front; the last digits tell them apart.
import { Check, Copy } from "lucide-react";
import { type MouseEvent, useEffect, useState } from "react";
import { useWords } from "../i18n/words";
import { copyText } from "./copy";
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

const SHOWN_MILLISECONDS = 1500;

/** A small button that copies a text and says so. It is plain, since lists have many. */
export function Copying({ text, label }: { text: string; label?: string }) {
  const words = useWords().common;
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (copied) {
      const timer = setTimeout(() => setCopied(false), SHOWN_MILLISECONDS);
      return () => clearTimeout(timer);
    }
  }, [copied]);
  const name = copied ? words.copied : (label ?? words.copy);
  const copy = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
    void copyText(text).then(() => setCopied(true));
  };
  return (
    <button type="button" className={styles.copy} title={name} aria-label={name} onClick={copy}>
      {copied ? <Check size={14} /> : <Copy size={14} />}
    </button>
  );
}
