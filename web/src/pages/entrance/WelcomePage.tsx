// The page of a one-time link: it makes the first owner, an invited user, or a new password. The
// secret stands behind the # of the address, which browsers send to nobody.
import { Button, Loader, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { acceptInvitation, type Invitation, readInvitation, sessionQuery } from "../../api/session";
import { EmptyState } from "../../design/EmptyState";
import { ErrorNote } from "../../design/ErrorNote";
import { useLanguage, useWords } from "../../i18n/words";
import { Entrance } from "./Entrance";
import styles from "./Entrance.module.css";
import { mistakeIn } from "./password";

export function WelcomePage() {
  const words = useWords().entrance;
  const [secret] = useState(() => window.location.hash.slice(1));
  const invitation = useQuery({
    queryKey: ["session", "invitation", secret],
    queryFn: () => readInvitation(secret),
    enabled: secret !== "",
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const home = (
    <Button renderRoot={(props) => <Link {...props} to="/sign-in" search={{}} />}>
      {words.toSignIn}
    </Button>
  );
  if (secret === "") {
    return (
      <Entrance title={words.welcome}>
        <EmptyState action={home}>{words.noSecret}</EmptyState>
      </Entrance>
    );
  }
  if (invitation.isError) {
    return (
      <Entrance title={words.welcome}>
        <ErrorNote error={invitation.error} />
        <div className={styles.form}>{home}</div>
      </Entrance>
    );
  }
  if (invitation.data === undefined) {
    return (
      <Entrance title={words.welcome}>
        <Loader />
      </Entrance>
    );
  }
  return <Acceptance secret={secret} invitation={invitation.data} />;
}

function Acceptance({ secret, invitation }: { secret: string; invitation: Invitation }) {
  const words = useWords().entrance;
  const { language } = useLanguage();
  const client = useQueryClient();
  const router = useRouter();
  const [email, setEmail] = useState(invitation.email ?? "");
  const [name, setName] = useState(invitation.name ?? "");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [shown, setShown] = useState(false);
  const mistake = mistakeIn(password, email);
  const accepting = useMutation({
    mutationKey: ["session"],
    mutationFn: () =>
      acceptInvitation({
        secret,
        password,
        language,
        ...(invitation.kind === "reset" ? {} : { name }),
        ...(invitation.email === null ? { email } : {}),
        ...(invitation.second_factor ? { code } : {}),
      }),
    onSuccess: (session) => {
      client.clear();
      client.setQueryData(sessionQuery.queryKey, session);
      router.history.replace("/");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setShown(true);
    if (mistake === null) {
      accepting.mutate();
    }
  };
  const about = { "first-owner": words.firstOwner, invitation: words.invited, reset: words.reset }[
    invitation.kind
  ];
  return (
    <Entrance title={invitation.kind === "reset" ? words.welcomeBack : words.welcome} about={about}>
      <form className={styles.form} onSubmit={submit}>
        <TextInput
          label={words.email}
          type="email"
          autoComplete="username"
          required
          readOnly={invitation.email !== null}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        {invitation.kind !== "reset" && (
          <TextInput
            label={words.name}
            autoComplete="name"
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
        <PasswordInput
          label={words.newPassword}
          description={words.passwordAbout}
          autoComplete="new-password"
          required
          error={shown && mistake !== null ? words[mistake] : undefined}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {invitation.second_factor && (
          <TextInput
            label={words.code}
            description={words.codeAbout}
            autoComplete="one-time-code"
            required
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        )}
        {accepting.error !== null && <ErrorNote error={accepting.error} />}
        <Button type="submit" loading={accepting.isPending}>
          {words.begin}
        </Button>
      </form>
    </Entrance>
  );
}
