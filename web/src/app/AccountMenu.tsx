// Who is signed in, and what is theirs: language, appearance, signing out.
import { Button, Menu, useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { CircleUserRound } from "lucide-react";
import { changeLanguage, sessionQuery, signOut } from "../api/session";
import { meansSignedOut } from "../api/sessionEnd";
import { ErrorNote } from "../design/ErrorNote";
import { openKeyboardHelp } from "../design/KeyboardHelp";
import { useToast } from "../design/Toasts";
import type { Language } from "../i18n/languages";
import { useLanguage, useWords } from "../i18n/words";
import styles from "./AccountMenu.module.css";

const LANGUAGE_NAMES: [Language, string][] = [
  ["en", "English"],
  ["fr", "Français"],
];

export function AccountMenu() {
  const words = useWords().shell;
  const session = useQuery(sessionQuery).data;
  const { language, speak } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();

  const choose = async (next: Language) => {
    await speak(next);
    if (session?.user) {
      // The choice holds here at once; that the account could not keep it is no reason to stop.
      await changeLanguage(next).catch(() => null);
    }
  };
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      // Whoever walks away believing to be signed out leaves an open door: the page stays, and says
      // so. Only a session that is over already needs no end.
      if (!meansSignedOut(error)) {
        toast({ text: <NotSignedOut error={error} />, bad: true });
        return;
      }
    }
    client.clear();
    await navigate({ to: "/sign-in", search: {} });
  };

  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          aria-label={words.account}
          leftSection={<CircleUserRound size={18} strokeWidth={1.75} />}
          className={styles.button}
        >
          <span className={styles.name}>{session?.user?.name || words.administrator}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{words.language}</Menu.Label>
        <Menu.RadioGroup value={language} onChange={(next) => void choose(next as Language)}>
          {LANGUAGE_NAMES.map(([key, name]) => (
            <Menu.RadioItem key={key} value={key} lang={key}>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Label>{words.appearance}</Menu.Label>
        <Menu.RadioGroup
          value={colorScheme}
          onChange={(next) => setColorScheme(next as typeof colorScheme)}
        >
          <Menu.RadioItem value="light">{words.light}</Menu.RadioItem>
          <Menu.RadioItem value="dark">{words.dark}</Menu.RadioItem>
          <Menu.RadioItem value="auto">{words.system}</Menu.RadioItem>
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item renderRoot={(props) => <Link {...props} to="/account" />}>
          {words.yourAccount}
        </Menu.Item>
        <Menu.Item component="a" href="/api/docs">
          {words.apiDocs}
        </Menu.Item>
        <Menu.Item onClick={openKeyboardHelp}>{words.keyboard}</Menu.Item>
        <Menu.Item onClick={() => void leave()}>{words.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function NotSignedOut({ error }: { error: unknown }) {
  const words = useWords().shell;
  return (
    <>
      <p>{words.notSignedOut}</p>
      <ErrorNote error={error} />
    </>
  );
}
