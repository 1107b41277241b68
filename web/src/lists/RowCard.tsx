// The two lines of a row on a phone: what it is and when, then what of it and how it stands.
import type { ReactNode } from "react";
import styles from "./RowCard.module.css";

interface RowCardProps {
  title: ReactNode;
  /** At the end of the first line: a time, mostly. */
  beside: ReactNode;
  text: ReactNode;
  /** At the end of the second line: the state. */
  mark: ReactNode;
}

export function RowCard({ title, beside, text, mark }: RowCardProps) {
  return (
    <span className={styles.card}>
      <span className={styles.line}>
        <strong className={styles.title}>{title}</strong>
        <span className={styles.beside}>{beside}</span>
      </span>
      <span className={styles.line}>
        <span className={styles.text}>{text}</span>
        <span className={styles.mark}>{mark}</span>
      </span>
    </span>
  );
}
