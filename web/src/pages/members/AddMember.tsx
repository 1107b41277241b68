// Adding somebody: by mail address. Whoever has no account yet gets a link, by mail or by hand.
import { Button, Group, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { wholeLink } from "../../api/links";
import { type Access, sessionQuery } from "../../api/session";
import { OnceDialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { ShownOnce } from "../../design/ShownOnce";
import { useWords } from "../../i18n/words";
import { LevelSelect } from "./LevelSelect";
import styles from "./members.module.css";
import { type AddedMember, addMember, levelsToGive, membersQuery } from "./queries";

interface AddMemberProps {
  project: string;
  open: boolean;
  close: () => void;
}

export function AddMember({ project, open, close }: AddMemberProps) {
  const words = useWords();
  return (
    <OnceDialog open={open} close={close} title={words.members.add}>
      {(show, end) => <AddForm project={project} show={show} close={end} />}
    </OnceDialog>
  );
}

interface AddFormProps {
  project: string;
  /** Something is shown that is not shown again. */
  show: () => void;
  close: () => void;
}

function AddForm({ project, show, close }: AddFormProps) {
  const words = useWords();
  const client = useQueryClient();
  const levels = levelsToGive(useQuery(sessionQuery).data, project);
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [access, setAccess] = useState<Access>("viewer");
  const adding = useMutation({
    mutationFn: () =>
      addMember(project, { email: email.trim(), name: name.trim() || null, access }),
    // A link is as good as a key: it is not kept longer than it is shown.
    gcTime: 0,
    onSuccess: ({ invitation_url }) => {
      if (invitation_url !== null) {
        show();
      }
      return client.invalidateQueries(membersQuery(project));
    },
  });
  if (adding.data !== undefined) {
    return <Added added={adding.data} close={close} />;
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <p>{words.members.addAbout}</p>
      <TextInput
        label={words.members.email}
        type="email"
        required
        data-autofocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <TextInput
        label={words.members.name}
        description={words.members.nameAbout}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <LevelSelect label={words.members.level} levels={levels} access={access} choose={setAccess} />
      {adding.error !== null && <ErrorNote error={adding.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          {words.common.cancel}
        </Button>
        <Button type="submit" loading={adding.isPending} disabled={email.trim() === ""}>
          {words.members.add}
        </Button>
      </Group>
    </form>
  );
}

function Added({ added, close }: { added: AddedMember; close: () => void }) {
  const words = useWords().members;
  const { invitation_url: link, mailed, member } = added;
  const { email, name } = member.user;
  return (
    <>
      {mailed && <p>{words.addedMailed(email)}</p>}
      {link !== null && (
        <>
          {!mailed && <p>{words.addedLink(email)}</p>}
          <ShownOnce label={words.link} text={wholeLink(link)} />
        </>
      )}
      {!mailed && link === null && <p>{words.addedKnown(name)}</p>}
      <Group justify="flex-end" mt="lg">
        <Button onClick={close}>{words.done}</Button>
      </Group>
    </>
  );
}
