// Name and language. A language that is chosen here is spoken at once.
import { Button, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { SESSION_KEY } from "../../api/session";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import { useToast } from "../../design/Toasts";
import { chosenLanguage, isLanguage } from "../../i18n/languages";
import { useLanguage, useWords } from "../../i18n/words";
import styles from "./account.module.css";
import { type Account, accountQuery, saveAccount } from "./queries";

/** Languages are named in themselves, so that everybody finds their own. */
const NAMES = [
  { value: "en", label: "English" },
  { value: "fr", label: "Français" },
];
const BROWSER = "browser";

export function ProfileForm({ account }: { account: Account }) {
  const words = useWords().account;
  const { speak } = useLanguage();
  const client = useQueryClient();
  const toast = useToast();
  const [name, setName] = useState(account.name);
  const [language, setLanguage] = useState<string | null>(account.language);
  const saving = useMutation({
    mutationFn: () => saveAccount({ name: name.trim(), language }),
    onSuccess: async (saved) => {
      client.setQueryData(accountQuery.queryKey, saved);
      await speak(
        isLanguage(saved.language) ? saved.language : chosenLanguage(navigator.languages),
      );
      await client.invalidateQueries({ queryKey: [SESSION_KEY] });
      toast({ text: words.saved });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <Section title={words.profile}>
      <form className={styles.form} onSubmit={submit}>
        <TextInput label={words.email} value={account.email} readOnly autoComplete="username" />
        <TextInput
          label={words.name}
          required
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label={words.language}
          data={[{ value: BROWSER, label: words.browserLanguage }, ...NAMES]}
          value={language ?? BROWSER}
          allowDeselect={false}
          onChange={(value) => setLanguage(value === BROWSER ? null : value)}
        />
        {saving.error !== null && <ErrorNote error={saving.error} />}
        <Button type="submit" loading={saving.isPending} disabled={name.trim() === ""}>
          {words.save}
        </Button>
      </form>
    </Section>
  );
}
