// A value that the content must have at a path: `form.age = 42`. Both are typed by hand here; a click
// on a value of a message does the same.
import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useWords } from "../../i18n/words";
import styles from "./messages.module.css";

export function ValueField({ add }: { add: (wanted: string) => void }) {
  const words = useWords().messages.filters;
  const [path, setPath] = useState("");
  const [value, setValue] = useState("");
  const isWhole = path.trim() !== "" && value.trim() !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isWhole) {
      add(`${path.trim()}=${value.trim()}`);
      setPath("");
      setValue("");
    }
  };
  return (
    <form onSubmit={submit}>
      <fieldset className={styles.valueField}>
        <legend>{words.content}</legend>
        <p className={styles.quiet}>{words.contentAbout}</p>
        <TextInput
          aria-label={words.path}
          placeholder="form.age"
          spellCheck={false}
          autoComplete="off"
          value={path}
          onChange={(event) => setPath(event.currentTarget.value)}
        />
        <span aria-hidden="true">=</span>
        <TextInput
          aria-label={words.value}
          placeholder="42"
          spellCheck={false}
          autoComplete="off"
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" size="compact-sm" disabled={!isWhole}>
          {words.add}
        </Button>
      </fieldset>
    </form>
  );
}
