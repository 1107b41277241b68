// What asks for the present password: a button, then the field for it, then the deed. Whoever finds a
// browser open has no password.
import { Button, Group, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ErrorNote } from "../../design/ErrorNote";
import { useWords } from "../../i18n/words";
import styles from "./account.module.css";

interface WithPasswordProps<Answer> {
  /** The word of the button, and of the deed. */
  label: string;
  /** What will happen. */
  about?: string;
  loses?: boolean;
  deed: (password: string) => Promise<Answer>;
  done: (answer: Answer) => void;
}

export function WithPassword<Answer>(props: WithPasswordProps<Answer>) {
  const { label, about, loses = false, deed, done } = props;
  const all = useWords();
  const [isAsked, setAsked] = useState(false);
  const [password, setPassword] = useState("");
  const doing = useMutation({
    mutationFn: () => deed(password),
    // What comes back may be a secret: it is not kept longer than it is shown.
    gcTime: 0,
    onSuccess: (answer) => {
      setAsked(false);
      setPassword("");
      done(answer);
    },
  });
  if (!isAsked) {
    return (
      <Button variant="default" onClick={() => setAsked(true)}>
        {label}
      </Button>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    doing.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {about !== undefined && <p className={styles.quiet}>{about}</p>}
      <PasswordInput
        label={all.account.current}
        autoComplete="current-password"
        required
        autoFocus
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {doing.error !== null && <ErrorNote error={doing.error} />}
      <Group gap="xs">
        <Button
          type="submit"
          color={loses ? "red" : "teal"}
          loading={doing.isPending}
          disabled={password === ""}
        >
          {label}
        </Button>
        <Button
          variant="default"
          onClick={() => {
            setAsked(false);
            setPassword("");
            doing.reset();
          }}
        >
          {all.common.cancel}
        </Button>
      </Group>
    </form>
  );
}
