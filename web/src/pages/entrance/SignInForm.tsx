// Signing in: by e-mail and password, with a code where the account asks for one, or with the
// administrator's token, which is exchanged for a session and kept nowhere in the page.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Problem } from "../../api/problem";
import { SESSION_KEY, type Session, signIn } from "../../api/session";
import { ErrorNote } from "../../design/ErrorNote";
import { useWords } from "../../i18n/words";
import styles from "./Entrance.module.css";

interface SignInFormProps {
  done: (session: Session) => void;
  /** Whose session it was, where one has ended. */
  whose?: string;
}

export function SignInForm({ done, whose = "" }: SignInFormProps) {
  const words = useWords().entrance;
  const [byToken, setByToken] = useState(false);
  const [email, setEmail] = useState(whose);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [token, setToken] = useState("");

  const signingIn = useMutation({
    mutationKey: [SESSION_KEY],
    mutationFn: () =>
      signIn(byToken ? { token } : { email, password, ...(code === "" ? {} : { code }) }),
    onSuccess: done,
  });
  const { error } = signingIn;
  const codeAsked = error instanceof Problem && error.code === "code-needed";
  const [askedForCode, setAskedForCode] = useState(false);
  if (codeAsked && !askedForCode) {
    setAskedForCode(true);
  }

  const submit = (event: FormEvent) => {
    event.preventDefault();
    signingIn.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {byToken ? (
        <PasswordInput
          label={words.token}
          description={words.tokenAbout}
          autoComplete="off"
          required
          autoFocus
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
      ) : (
        <>
          <TextInput
            label={words.email}
            type="email"
            autoComplete="username"
            required
            autoFocus={whose === ""}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={words.password}
            autoComplete="current-password"
            required
            autoFocus={whose !== ""}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {askedForCode && (
            <TextInput
              label={words.code}
              description={words.codeAbout}
              autoComplete="one-time-code"
              inputMode="numeric"
              required
              autoFocus
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
          )}
        </>
      )}
      {error !== null && !codeAsked && <ErrorNote error={error} />}
      <Button type="submit" loading={signingIn.isPending}>
        {words.signIn}
      </Button>
      <button type="button" className={styles.other} onClick={() => setByToken(!byToken)}>
        {byToken ? words.withPassword : words.withToken}
      </button>
    </form>
  );
}
