// The files that phones need to show a form: pictures, sounds, lists of choices.
import { Button, FileButton } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMay } from "../../api/useMay";
import { useConfirm } from "../../design/Confirm";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import { useToast } from "../../design/Toasts";
import table from "../../design/table.module.css";
import filed from "../../filed/filed.module.css";
import { type FormInFull, formKey } from "../../filed/queries";
import { useFormat, useWords } from "../../i18n/words";
import { formFilePath, putFormFile, removeFormFile } from "./queries";

interface FormFilesProps {
  project: string;
  form: FormInFull;
}

export function FormFiles({ project, form }: FormFilesProps) {
  const words = useWords().forms;
  const format = useFormat();
  const may = useMay(project, "editor");
  if (form.files.length === 0 && (!may || form.definition === null)) {
    return null;
  }
  return (
    <Section title={words.sections.files} actions={may && <Add project={project} form={form} />}>
      {form.files.length === 0 ? (
        <p className={filed.quiet}>{words.files.none}</p>
      ) : (
        <div className={table.wide}>
          <table className={table.table}>
            <thead>
              <tr>
                <th>{words.versions.file}</th>
                <th>{words.columns.type}</th>
                <th>{words.versions.size}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {form.files.map((file) => (
                <tr key={file.name}>
                  <td>
                    <a href={formFilePath(project, form.name, file.name)} download={file.name}>
                      {file.name}
                    </a>
                  </td>
                  <td>{file.content_type ?? "—"}</td>
                  <td>{format.bytes(file.bytes)}</td>
                  <td>{may && <Remove project={project} form={form} name={file.name} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

/** What is done to the files, and the form shown anew after it. */
function useFileDeed<Value>(
  { project, form }: FormFilesProps,
  deed: (value: Value) => Promise<unknown>,
) {
  const toast = useToast();
  const client = useQueryClient();
  return useMutation({
    mutationFn: deed,
    onSuccess: () => client.invalidateQueries({ queryKey: formKey(project, form.name) }),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
}

function Add({ project, form }: FormFilesProps) {
  const words = useWords().forms.files;
  const adding = useFileDeed({ project, form }, (file: File) =>
    putFormFile(project, form.name, file),
  );
  return (
    <FileButton onChange={(file) => file !== null && adding.mutate(file)}>
      {(props) => (
        <Button {...props} size="compact-sm" variant="default" loading={adding.isPending}>
          {words.add}
        </Button>
      )}
    </FileButton>
  );
}

function Remove({ project, form, name }: FormFilesProps & { name: string }) {
  const words = useWords().forms.files;
  const confirm = useConfirm();
  const removing = useFileDeed({ project, form }, () => removeFormFile(project, form.name, name));
  const ask = async () => {
    const question = {
      title: words.ask(name),
      text: words.about,
      action: words.remove,
      loses: true,
    };
    if (await confirm(question)) {
      removing.mutate(undefined);
    }
  };
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={words.removeNamed(name)}
      loading={removing.isPending}
      onClick={() => void ask()}
    >
      {words.remove}
    </Button>
  );
}
