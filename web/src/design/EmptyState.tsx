// What stands where nothing is: one sentence that teaches, and at most one button.
import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";

export function EmptyState({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <svg className={styles.mark} viewBox="0 0 64 16" aria-hidden="true">
        <path d="M10 8h18M36 8h18" />
        <circle cx="6" cy="8" r="4" />
        <circle cx="32" cy="8" r="4" />
        <circle cx="58" cy="8" r="4" />
      </svg>
      <p className={styles.words}>{children}</p>
      {action}
    </div>
  );
}
