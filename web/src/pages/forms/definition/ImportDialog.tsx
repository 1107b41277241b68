// The dialog that reads what a w.c.s. says of a form: from a file, or as pasted text. What comes of it is looked
// over before anything is saved.
import { Button, FileInput, Group, Stack, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { type FormEvent, useState } from "react";
import { jsonMistake } from "../../../definitions/JsonAt";
import { Dialog } from "../../../design/Dialog";
import { ErrorNote } from "../../../design/ErrorNote";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { type FormRead, readSchema } from "./queries";

interface ImportDialogProps {
  project: string;
  opened: boolean;
  close: () => void;
  read: (form: FormRead) => void;
}

export function ImportDialog({ project, opened, close, read }: ImportDialogProps) {
  const words = useOwnFormWords().formEditor.import;
  return (
    <Dialog opened={opened} close={close} title={words.title} size="lg">
      <Fields project={project} close={close} read={read} />
    </Dialog>
  );
}

function Fields({ project, close, read }: Omit<ImportDialogProps, "opened">) {
  const { formEditor, common } = useOwnFormWords();
  const words = formEditor.import;
  const [file, setFile] = useState<File | null>(null);
  const [text, setText] = useState("");
  const [isRefused, setRefused] = useState(false);
  const reading = useMutation({
    mutationFn: (schema: string) => readSchema(project, schema),
    onSuccess: read,
  });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    // A form stands around the page from which the dialog was opened.
    event.stopPropagation();
    const schema = file === null ? text : await file.text();
    const isWrong = schema.trim() === "" || jsonMistake(schema) !== null;
    setRefused(isWrong);
    if (!isWrong) {
      reading.mutate(schema);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <p>{words.about}</p>
        <FileInput
          label={words.file}
          placeholder={words.choose}
          leftSection={<FileUp size={16} aria-hidden="true" />}
          accept=".json,application/json"
          clearable
          clearButtonProps={{ "aria-label": words.noFile }}
          value={file}
          onChange={setFile}
        />
        <Textarea
          label={words.text}
          rows={8}
          spellCheck={false}
          disabled={file !== null}
          value={text}
          error={isRefused ? words.noJson : undefined}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
        />
        {reading.error !== null && <ErrorNote error={reading.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={reading.isPending}>
            {words.act}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
