// The functions that a job may call, with what each does; a press puts a call into the job.
import { Button, TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useState } from "react";
import { Prose } from "../../design/Prose";
import { useFlowWords } from "../../i18n/flows";
import { callOf, type Offered, offersFor } from "./completions";
import styles from "./workflows.module.css";

interface FunctionDocsProps {
  offered: readonly Offered[];
  insert: (text: string) => void;
}

export function FunctionDocs({ offered, insert }: FunctionDocsProps) {
  const words = useFlowWords().workflows.editor;
  const [text, setText] = useState("");
  const found = offersFor(text, offered);
  return (
    <section className={styles.docs} aria-label={words.docs}>
      <TextInput
        size="xs"
        aria-label={words.docsSearch}
        placeholder={words.docsSearch}
        leftSection={<Search size={12} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {found.length === 0 && <p className={styles.quiet}>{words.docsNone}</p>}
      <ul className={styles.functions}>
        {found.map((each) => (
          <li key={each.name}>
            <details>
              <summary>
                <code>{each.name}</code> <span className={styles.quiet}>{each.adaptor}</span>
              </summary>
              <code className={styles.signature}>
                {each.name}
                {each.parameters}
              </code>
              {each.summary !== "" && <Prose text={each.summary} />}
              {each.example && <pre className={styles.example}>{each.example}</pre>}
              <Button
                size="compact-xs"
                variant="default"
                aria-label={words.insertNamed(each.name)}
                onClick={() => insert(callOf(each))}
              >
                {words.insert}
              </Button>
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}
