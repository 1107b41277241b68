// The head of a page: what it is, one sentence about it where that helps, and what can be done.
import { type ReactNode, useEffect } from "react";
import styles from "./PageHead.module.css";

interface PageHeadProps {
  title: string;
  /** Beside the title: an id, a state. */
  beside?: ReactNode;
  /** One sentence below it. */
  about?: ReactNode;
  /** Buttons, at the right. */
  actions?: ReactNode;
}

export function PageHead({ title, beside, about, actions }: PageHeadProps) {
  useTitle(title);
  return (
    <header className={styles.head}>
      <div className={styles.words}>
        <h1 className={styles.title} tabIndex={-1}>
          {title}
          {beside !== undefined && <span className={styles.beside}>{beside}</span>}
        </h1>
        {about !== undefined && <p className={styles.about}>{about}</p>}
      </div>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </header>
  );
}

/** The title of the window: the page's name, then ours. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Fieldpost" : `${title} · Fieldpost`;
  }, [title]);
}
