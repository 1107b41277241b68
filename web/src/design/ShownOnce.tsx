// What is shown this once and never again: a link, a token. All of it, and a button that copies it.
import { CopyingButton } from "./CopyingButton";
import styles from "./ShownOnce.module.css";

interface ShownOnceProps {
  /** What it is: "Invitation link". */
  label: string;
  text: string;
}

export function ShownOnce({ label, text }: ShownOnceProps) {
  return (
    <div className={styles.block}>
      <section className={styles.text} aria-label={label}>
        {text}
      </section>
      <CopyingButton text={text} />
    </div>
  );
}
