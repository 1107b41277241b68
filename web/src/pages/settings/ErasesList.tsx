// What is erased at once by a shorter retention, as a list.
import { useWords } from "../../i18n/words";
import type { Erases } from "./erases";
import styles from "./settings.module.css";

export function ErasesList({ erases }: { erases: Erases }) {
  const words = useWords().settings.erases;
  const { messages, bodies, attempts, more } = erases;
  return (
    <ul className={styles.erases}>
      {messages > 0 && <li>{words.messages(messages)}</li>}
      {bodies > 0 && <li>{words.bodies(bodies)}</li>}
      {attempts > 0 && <li>{words.attempts(attempts)}</li>}
      {more && <li>{words.more}</li>}
    </ul>
  );
}
