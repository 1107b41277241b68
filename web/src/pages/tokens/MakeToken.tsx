// Making a token. It is shown this once, with a command that tries it.
import { Button, Group, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Access } from "../../api/session";
import { sessionQuery } from "../../api/session";
import { OnceDialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { ShownOnce } from "../../design/ShownOnce";
import { useWords } from "../../i18n/words";
import { LevelSelect } from "../members/LevelSelect";
import { LEVELS, levelsToGive } from "../members/queries";
import { exampleOf, type MadeToken, makeToken, tokensQuery } from "./queries";
import styles from "./tokens.module.css";

const EXPIRIES = ["30d", "90d", "365d", "never"] as const;
type Expiry = (typeof EXPIRIES)[number];

interface MakeTokenProps {
  project: string | null;
  open: boolean;
  close: () => void;
}

export function MakeToken({ project, open, close }: MakeTokenProps) {
  const words = useWords();
  return (
    <OnceDialog open={open} close={close} title={words.tokens.make}>
      {(show, end) => <MakeForm project={project} show={show} close={end} />}
    </OnceDialog>
  );
}

interface MakeFormProps {
  project: string | null;
  /** The token is shown, and not again. */
  show: () => void;
  close: () => void;
}

function MakeForm({ project, show, close }: MakeFormProps) {
  const words = useWords();
  const client = useQueryClient();
  const session = useQuery(sessionQuery).data;
  // Owners are people; whoever sees this page can give the levels up to admin.
  const levels =
    project === null
      ? LEVELS.slice(0, -1)
      : levelsToGive(session, project).filter((level) => level !== "owner");
  const [name, setName] = useState("");
  const [access, setAccess] = useState<Access>("viewer");
  const [expiry, setExpiry] = useState<Expiry>("90d");
  const making = useMutation({
    mutationFn: () =>
      makeToken(project, {
        name: name.trim(),
        access,
        expires_in: expiry === "never" ? null : expiry,
      }),
    // A token is not kept longer than it is shown.
    gcTime: 0,
    onSuccess: () => {
      show();
      return client.invalidateQueries(tokensQuery(project));
    },
  });
  if (making.data !== undefined) {
    return <Made project={project} made={making.data} close={close} />;
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <TextInput
        label={words.tokens.name}
        description={words.tokens.nameAbout}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <LevelSelect label={words.tokens.level} levels={levels} access={access} choose={setAccess} />
      <Select
        label={words.tokens.expiry}
        data={EXPIRIES.map((each) => ({ value: each, label: words.tokens.expiries[each] }))}
        value={expiry}
        allowDeselect={false}
        onChange={(value) => setExpiry(EXPIRIES.find((each) => each === value) ?? expiry)}
      />
      {making.error !== null && <ErrorNote error={making.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          {words.common.cancel}
        </Button>
        <Button type="submit" loading={making.isPending} disabled={name.trim() === ""}>
          {words.tokens.make}
        </Button>
      </Group>
    </form>
  );
}

interface MadeProps {
  project: string | null;
  made: MadeToken;
  close: () => void;
}

function Made({ project, made, close }: MadeProps) {
  const words = useWords().tokens;
  return (
    <>
      <p>{words.shownOnce}</p>
      <ShownOnce label={words.token} text={made.token} />
      <p>{words.example}</p>
      <ShownOnce label={words.curl} text={exampleOf(window.location.origin, project, made.token)} />
      <Group justify="flex-end" mt="lg">
        <Button onClick={close}>{words.done}</Button>
      </Group>
    </>
  );
}
