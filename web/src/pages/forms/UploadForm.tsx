// The dialog that uploads a form.
import { Button, FileInput, Group, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FileUp } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Dialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { FORM_ENDINGS, uploadForm } from "./queries";

interface UploadFormProps {
  project: string;
  opened: boolean;
  close: () => void;
  /** The application that the form is part of, where that is known. */
  application?: string | null;
}

export function UploadForm({ project, opened, close, application }: UploadFormProps) {
  const words = useWords().forms.upload;
  return (
    <Dialog opened={opened} close={close} title={words.title}>
      <Fields project={project} close={close} application={application ?? ""} />
    </Dialog>
  );
}

interface FieldsProps {
  project: string;
  close: () => void;
  application: string;
}

function Fields({ project, close, application: known }: FieldsProps) {
  const words = useWords();
  const told = words.forms.upload;
  const navigate = useNavigate();
  const toast = useToast();
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [application, setApplication] = useState(known);
  const uploading = useMutation({
    mutationFn: (chosen: File) => uploadForm(project, chosen, application.trim() || undefined),
    onSuccess: async (form) => {
      close();
      toast({ text: told.done(form.title || form.name) });
      await Promise.all([
        client.invalidateQueries({ queryKey: ["forms", project] }),
        client.invalidateQueries({ queryKey: ["form", project, form.name] }),
      ]);
      await navigate({
        to: "/projects/$project/forms/$form",
        params: { project, form: form.name },
      });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (file !== null) {
      uploading.mutate(file);
    }
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <p>{told.about}</p>
        <FileInput
          label={told.file}
          placeholder={told.choose}
          accept={FORM_ENDINGS}
          leftSection={<FileUp size={16} />}
          data-autofocus
          required
          value={file}
          onChange={(chosen) => {
            setFile(chosen);
            uploading.reset();
          }}
        />
        <TextInput
          label={told.application}
          description={told.applicationAbout}
          spellCheck={false}
          value={application}
          onChange={(event) => setApplication(event.currentTarget.value)}
        />
        {uploading.error !== null && <ErrorNote error={uploading.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            {words.common.cancel}
          </Button>
          <Button type="submit" loading={uploading.isPending} disabled={file === null}>
            {told.act}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
