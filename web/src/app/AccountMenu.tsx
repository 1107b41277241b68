// Who is signed in, and what is theirs: language, appearance, signing out.
import { Button, Menu, useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { CircleUserRound } from "lucide-react";
import { changeLanguage, sessionQuery, signOut } from "../api/session";
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

  const choose = async (next: Language) => {
    await speak(next);
    if (session?.user) {
      // The choice holds here at once; that the account could not keep it is no reason to stop.
      await changeLanguage(next).catch(() => null);
    }
  };
  const leave = async () => {
    await signOut().catch(() => null);
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
        <Menu.Item onClick={() => void leave()}>{words.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
