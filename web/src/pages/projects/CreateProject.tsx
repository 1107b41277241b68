// A new project: what people call it, and the name that follows from it.
import { Button, Group, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { answered, api } from "../../api/client";
import { projectsQuery } from "../../api/projects";
import { SESSION_KEY } from "../../api/session";
import { Dialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { isName, nameOf } from "./name";

export function CreateProject() {
  const words = useWords().projects;
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{words.create}</Button>
      <Dialog opened={open} close={() => setOpen(false)} title={words.create}>
        <CreateForm close={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function CreateForm({ close }: { close: () => void }) {
  const words = useWords().projects;
  const { cancel } = useWords().common;
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const [title, setTitle] = useState("");
  // As long as nobody wrote a name, it follows the title.
  const [written, setWritten] = useState<string | null>(null);
  const name = written ?? nameOf(title);
  const wrong = name !== "" && !isName(name);
  const creating = useMutation({
    mutationFn: () =>
      answered(api.POST("/api/v1/projects", { body: { name, title: title.trim() || name } })),
    onSuccess: async (project) => {
      await Promise.all([
        client.invalidateQueries(projectsQuery),
        client.invalidateQueries({ queryKey: [SESSION_KEY] }),
      ]);
      toast({ text: words.created(project.title) });
      await navigate({ to: "/projects/$project", params: { project: project.name } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creating.mutate();
  };
  return (
    <form onSubmit={submit}>
      <p>{words.createAbout}</p>
      <TextInput
        mt="md"
        label={words.titleLabel}
        description={words.titleHint}
        value={title}
        maxLength={200}
        data-autofocus
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <TextInput
        mt="sm"
        mb="md"
        label={words.nameLabel}
        description={words.nameHint}
        value={name}
        error={wrong && words.nameWrong}
        spellCheck={false}
        onChange={(event) => setWritten(event.currentTarget.value)}
      />
      {creating.error !== null && <ErrorNote error={creating.error} />}
      <Group justify="flex-end" gap="xs" mt="lg">
        <Button variant="default" onClick={close}>
          {cancel}
        </Button>
        <Button type="submit" loading={creating.isPending} disabled={!isName(name)}>
          {words.create}
        </Button>
      </Group>
    </form>
  );
}
