// Inviting somebody to the hub: who they are, whether they run it, and a first project.
import { Button, Checkbox, Group, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { projectsQuery } from "../../api/projects";
import type { Access } from "../../api/session";
import { Dialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { useWords } from "../../i18n/words";
import { LevelSelect } from "../members/LevelSelect";
import { LEVELS } from "../members/queries";
import styles from "./installation.module.css";
import { type InvitedUser, inviteUser, usersQuery } from "./queries";

interface InviteUserProps {
  open: boolean;
  close: () => void;
  show: (invited: InvitedUser) => void;
}

export function InviteUser({ open, close, show }: InviteUserProps) {
  const { installation } = useWords();
  return (
    <Dialog opened={open} close={close} title={installation.users.invite}>
      <InviteForm close={close} show={show} />
    </Dialog>
  );
}

function InviteForm({ close, show }: Pick<InviteUserProps, "close" | "show">) {
  const { installation, common } = useWords();
  const words = installation.users;
  const client = useQueryClient();
  const projects = useQuery(projectsQuery).data ?? [];
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [admin, setAdmin] = useState(false);
  const [project, setProject] = useState<string | null>(null);
  const [access, setAccess] = useState<Access>("viewer");
  const inviting = useMutation({
    mutationFn: () =>
      inviteUser({
        email: email.trim(),
        name: name.trim(),
        installation_admin: admin,
        projects: project === null ? [] : [{ project, access }],
      }),
    onSuccess: async (invited) => {
      close();
      show(invited);
      await client.invalidateQueries(usersQuery);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    inviting.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <TextInput
        label={words.email}
        type="email"
        required
        data-autofocus
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <TextInput
        label={words.name}
        required
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Select
        label={words.project}
        placeholder={words.projectNone}
        data={projects.map((each) => ({ value: each.name, label: each.title || each.name }))}
        value={project}
        clearable
        onChange={setProject}
      />
      {project !== null && (
        <LevelSelect label={words.level} levels={LEVELS} access={access} choose={setAccess} />
      )}
      <Checkbox
        label={words.admin}
        description={words.adminAbout}
        checked={admin}
        onChange={(event) => setAdmin(event.currentTarget.checked)}
      />
      {inviting.error !== null && <ErrorNote error={inviting.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          {common.cancel}
        </Button>
        <Button
          type="submit"
          loading={inviting.isPending}
          disabled={email.trim() === "" || name.trim() === ""}
        >
          {words.invite}
        </Button>
      </Group>
    </form>
  );
}
