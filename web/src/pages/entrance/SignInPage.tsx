// Signing in: by e-mail and password, with a code where the account asks for one, or with the
// administrator's token, which is exchanged for a session and kept nowhere in the page.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Problem } from "../../api/problem";
import { sessionQuery, signIn } from "../../api/session";
import { ErrorNote } from "../../design/ErrorNote";
import { isLanguage } from "../../i18n/languages";
import { useLanguage, useWords } from "../../i18n/words";
import { Entrance } from "./Entrance";
import styles from "./Entrance.module.css";
import { safeNext } from "./next";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const words = useWords().entrance;
  const { speak } = useLanguage();
  const client = useQueryClient();
  const router = useRouter();
  const { next } = route.useSearch();
  const [byToken, setByToken] = useState(false);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [token, setToken] = useState("");

  const signingIn = useMutation({
    mutationKey: ["session"],
    mutationFn: () =>
      signIn(byToken ? { token } : { email, password, ...(code === "" ? {} : { code }) }),
    onSuccess: async (session) => {
      client.clear();
      client.setQueryData(sessionQuery.queryKey, session);
      const language = session.user?.language;
      if (isLanguage(language)) {
        await speak(language);
      }
      router.history.push(safeNext(next));
    },
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
    <Entrance title={words.signIn} about={useSetupNeeded() ? words.setupNeeded : undefined}>
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
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <PasswordInput
              label={words.password}
              autoComplete="current-password"
              required
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
    </Entrance>
  );
}

/** Whether the hub has no user yet; it says so to whoever is not signed in. */
function useSetupNeeded(): boolean {
  const { error } = useQuery(sessionQuery);
  return (
    error instanceof Problem &&
    "setup_needed" in error.document &&
    error.document.setup_needed === true
  );
}
