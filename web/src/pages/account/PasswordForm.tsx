// Another password. The other sessions end, as one of them may be why it is changed.
import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { sessionQuery } from "../../api/session";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { mistakeIn } from "../entrance/password";
import styles from "./account.module.css";
import { changePassword, sessionsQuery } from "./queries";

export function PasswordForm({ email }: { email: string }) {
  const { account: words, entrance } = useWords();
  const client = useQueryClient();
  const toast = useToast();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [shown, setShown] = useState(false);
  const mistake = mistakeIn(next, email);
  const changing = useMutation({
    mutationFn: () => changePassword({ current, new: next }),
    onSuccess: async (session) => {
      client.setQueryData(sessionQuery.queryKey, session);
      setCurrent("");
      setNext("");
      setShown(false);
      toast({ text: words.passwordChanged });
      await client.invalidateQueries(sessionsQuery);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setShown(true);
    if (mistake === null) {
      changing.mutate();
    }
  };
  return (
    <Section title={words.password}>
      <form className={styles.form} onSubmit={submit}>
        <p className={styles.quiet}>{words.passwordAbout}</p>
        <PasswordInput
          label={words.current}
          autoComplete="current-password"
          required
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label={entrance.newPassword}
          description={entrance.passwordAbout}
          autoComplete="new-password"
          required
          error={shown && mistake !== null ? entrance[mistake] : undefined}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        {changing.error !== null && <ErrorNote error={changing.error} />}
        <Button
          type="submit"
          variant="default"
          loading={changing.isPending}
          disabled={current === "" || next === ""}
        >
          {words.change}
        </Button>
      </form>
    </Section>
  );
}
