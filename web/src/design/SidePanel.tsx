// Details beside a list: the list stays where it is. On a phone the panel covers the page.
import { ActionIcon } from "@mantine/core";
import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useWords } from "../i18n/words";
import styles from "./SidePanel.module.css";

interface SidePanelProps {
  title: ReactNode;
  close: () => void;
  children: ReactNode;
}

/** Puts a panel, where there is one, beside what it belongs to. */
export function Beside({ panel, children }: { panel: ReactNode | null; children: ReactNode }) {
  return (
    <div className={styles.beside}>
      <div className={styles.main}>{children}</div>
      {panel}
    </div>
  );
}

export function SidePanel({ title, close, children }: SidePanelProps) {
  const words = useWords().common;
  const id = useId();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) {
        close();
      }
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [close]);
  return (
    <aside ref={panel} className={styles.panel} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        <ActionIcon variant="subtle" color="gray" aria-label={words.close} onClick={close}>
          <X size={16} />
        </ActionIcon>
      </div>
      <div className={styles.body}>{children}</div>
    </aside>
  );
}
