// Details beside a list: the list stays where it is. On a phone the panel covers the page, so that
// the focus stays in it. The focus comes in with the panel, and goes back with it.
import { ActionIcon, FocusTrap } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useWords } from "../i18n/words";
import { isPressedIn } from "./keys";
import styles from "./SidePanel.module.css";

/** As SidePanel.module.css has it. */
const COVERS = "(max-width: 900px)";
/** What closes by Escape itself. */
const CLOSES_ITSELF = "[role=dialog], [role=menu], [role=listbox]";

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
  const heading = useRef<HTMLHeadingElement>(null);
  const covers = useMediaQuery(COVERS, window.matchMedia(COVERS).matches) ?? false;
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus({ preventScroll: true });
      }
    };
  }, []);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !isPressedIn(event, CLOSES_ITSELF)) {
        close();
      }
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [close]);
  return (
    <FocusTrap active={covers}>
      <aside className={styles.panel} aria-labelledby={id}>
        <div className={styles.head}>
          <h2 id={id} ref={heading} tabIndex={-1} data-autofocus className={styles.title}>
            {title}
          </h2>
          <ActionIcon variant="subtle" color="gray" aria-label={words.close} onClick={close}>
            <X size={16} />
          </ActionIcon>
        </div>
        <div className={styles.body}>{children}</div>
      </aside>
    </FocusTrap>
  );
}
