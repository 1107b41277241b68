// The frame of the pages before the inside: the name, and one form.
import type { ReactNode } from "react";
import { Logo } from "../../app/Logo";
import { useTitle } from "../../design/PageHead";
import { useWords } from "../../i18n/words";
import styles from "./Entrance.module.css";

interface EntranceProps {
  title: string;
  about?: ReactNode;
  children: ReactNode;
}

export function Entrance({ title, about, children }: EntranceProps) {
  const words = useWords().entrance;
  useTitle(title);
  return (
    <main className={styles.page}>
      <div className={styles.brand}>
        <Logo size={32} />
        <div>
          <div className={styles.name}>Fieldpost</div>
          <div className={styles.motto}>{words.motto}</div>
        </div>
      </div>
      <div className={styles.column}>
        <h1 className={styles.title}>{title}</h1>
        {about !== undefined && <p className={styles.about}>{about}</p>}
        {children}
      </div>
    </main>
  );
}
