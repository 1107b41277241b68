// What is shown this once and never again: a link, a token. All of it, and a button that copies it.
import { Button, CopyButton } from "@mantine/core";
import { Check, Copy } from "lucide-react";
import { useWords } from "../i18n/words";
import styles from "./ShownOnce.module.css";

interface ShownOnceProps {
  /** What it is: "Invitation link". */
  label: string;
  text: string;
}

export function ShownOnce({ label, text }: ShownOnceProps) {
  const words = useWords().common;
  return (
    <div className={styles.block}>
      <section className={styles.text} aria-label={label}>
        {text}
      </section>
      <CopyButton value={text} timeout={1500}>
        {({ copied, copy }) => (
          <Button
            variant="default"
            size="compact-md"
            leftSection={copied ? <Check size={14} /> : <Copy size={14} />}
            onClick={copy}
          >
            {copied ? words.copied : words.copy}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}
