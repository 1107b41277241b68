// What went wrong, as the hub says it, or in the page's words where it has some: the sentence, what
// to do about it, the exact code to copy, and a button to try again where that can help. What was
// typed stays where it is: this note stands beside it.
import { Button } from "@mantine/core";
import { useId } from "react";
import { asProblem, isFinal, NO_ANSWER } from "../api/problem";
import { known } from "../i18n/known";
import { useWords } from "../i18n/words";
import styles from "./ErrorNote.module.css";
import { Prose } from "./Prose";

interface ErrorNoteProps {
  error: unknown;
  retry?: () => void;
  /** What it means for the page. */
  about?: string;
}

export function ErrorNote({ error, retry, about }: ErrorNoteProps) {
  const words = useWords().common;
  const id = useId();
  const { document, retryAfter, code } = asProblem(error);
  const away = code === NO_ANSWER;
  const told = known(words.problems, code);
  return (
    <div className={styles.note} role="alert" aria-labelledby={id}>
      <p id={id} className={styles.detail}>
        {away ? words.hubIsAway : (told ?? <Prose text={sentence(document.detail)} />)}
      </p>
      {about !== undefined && <p className={styles.hint}>{about}</p>}
      {document.hint !== null && told === undefined && (
        <p className={styles.hint}>
          <Prose text={sentence(document.hint)} />
        </p>
      )}
      {document.problems !== undefined && document.problems.length > 0 && (
        <ul className={styles.mistakes}>
          {document.problems.map((mistake) => (
            <li key={`${mistake.path} ${mistake.code}`}>
              <code>{mistake.path}</code> {mistake.message}
              {mistake.hint !== null && <span className={styles.hint}> — {mistake.hint}</span>}
            </li>
          ))}
        </ul>
      )}
      <div className={styles.foot}>
        <code className={styles.code}>
          {document.status > 0 ? `${document.status} ${code}` : code}
        </code>
        {retryAfter !== null && <span>{words.retryAfter(retryAfter)}</span>}
        {retry !== undefined && !isFinal(error) && (
          <Button size="compact-sm" variant="default" onClick={retry}>
            {words.tryAgain}
          </Button>
        )}
      </div>
    </div>
  );
}

/** The hub's texts begin small, as parts of longer ones; on a page they are sentences. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}
