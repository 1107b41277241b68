// An id: its telling end, with the whole of it to copy. Ids begin with the time, so neighbours look
// alike at the front; the last digits tell them apart.
import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { Check, Copy } from "lucide-react";
import { useWords } from "../i18n/words";
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

/** A small button that copies a text and says so. */
export function Copying({ text, label }: { text: string; label?: string }) {
  const words = useWords().common;
  return (
    <CopyButton value={text} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? words.copied : (label ?? words.copy)}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={label ?? words.copy}
            onClick={(event) => {
              event.preventDefault();
              event.stopPropagation();
              copy();
            }}
          >
            {copied ? <Check size={14} /> : <Copy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
