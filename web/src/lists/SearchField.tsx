// A field above a list that searches when the reader is done, by Enter or by leaving it.
import { TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { useWords } from "../i18n/words";
import styles from "./SearchField.module.css";

interface SearchFieldProps {
  text: string | undefined;
  placeholder: string;
  search: (text: string | undefined) => void;
}

export function SearchField({ text, placeholder, search }: SearchFieldProps) {
  const words = useWords().list;
  const [typed, setTyped] = useState(text ?? "");
  useEffect(() => setTyped(text ?? ""), [text]);
  const done = () => {
    if (typed.trim() !== (text ?? "")) {
      search(typed.trim() || undefined);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    done();
  };
  return (
    <form className={styles.search} onSubmit={submit}>
      <TextInput
        size="xs"
        aria-label={words.search}
        placeholder={placeholder}
        leftSection={<Search size={14} />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={(event) => {
          // Who presses a row of what is shown wants that row: a search that begins now would take
          // it from under the finger.
          if (event.relatedTarget?.closest("a, [role=row]") == null) {
            done();
          }
        }}
      />
    </form>
  );
}
