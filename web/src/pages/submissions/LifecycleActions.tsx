// What the reader may do with a submission now: say something, add a file, change the answers, press a button.
// Triggers are for other systems, and can be pressed by those who may stand in for one: so they stand apart.
import { Button, FileInput, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useId, useState } from "react";
import { ErrorNote } from "../../design/ErrorNote";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import styles from "./lifecycle.module.css";
import {
  actOnSubmission,
  attachToSubmission,
  type LifecycleAction,
  type Submission,
  submissionKey,
} from "./queries";

/** It brings the fields of definitions: most who come here press a button. */
const EditAnswers = lazy(() =>
  import("./EditAnswers").then(({ EditAnswers }) => ({ default: EditAnswers })),
);

interface LifecycleActionsProps {
  project: string;
  submission: Submission;
  /** The name of its form. */
  form: string;
  actions: readonly LifecycleAction[];
}

/** What was chosen of a deed that needs more than a press. */
interface Wanted {
  action: LifecycleAction;
  file?: File;
}

export function LifecycleActions({ project, submission, form, actions }: LifecycleActionsProps) {
  const { common, submissions } = useWords();
  const words = submissions.lifecycle;
  const toast = useToast();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [edited, setEdited] = useState<LifecycleAction | null>(null);
  const label = useId();
  const triggersTitle = useId();
  /** How much was done: a file that was sent is chosen no more. */
  const [times, setTimes] = useState(0);
  const done = () => {
    setText("");
    setTimes((before) => before + 1);
    toast({ text: words.done });
    return client.invalidateQueries({ queryKey: submissionKey(project, submission.id) });
  };
  const acting = useMutation({
    mutationFn: ({ action, file }: Wanted) =>
      file === undefined
        ? actOnSubmission(project, submission.id, {
            kind: action.kind,
            action: action.action,
            text: action.kind === "comment" ? text : undefined,
          })
        : attachToSubmission(project, submission.id, action.action, file),
    onSuccess: done,
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  const ofKind = (kind: string) => actions.filter((action) => action.kind === kind);
  const comments = ofKind("comment");
  const triggers = ofKind("trigger");
  const notPlain = ["comment", "attach", "edit", "trigger"];
  const buttons = actions.filter(({ kind }) => !notPlain.includes(kind));
  return (
    <>
      {comments.length > 0 && (
        <Textarea
          id={label}
          label={words.comment}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          autosize
          minRows={2}
          className={styles.comment}
        />
      )}
      {ofKind("attach").map((action) => (
        <Attach
          key={`${action.action} ${times}`}
          label={action.label}
          isSending={acting.isPending}
          send={(file) => acting.mutate({ action, file })}
        />
      ))}
      {edited !== null && (
        <Suspense fallback={<ListSkeleton label={common.loading} />}>
          <EditAnswers
            project={project}
            submission={submission}
            form={form}
            action={edited}
            done={() => {
              setEdited(null);
              void done();
            }}
            close={() => setEdited(null)}
          />
        </Suspense>
      )}
      <div className={styles.buttons}>
        {comments.map((action) => (
          <Button
            key={action.action}
            disabled={text.trim() === ""}
            loading={acting.isPending}
            onClick={() => acting.mutate({ action })}
          >
            {action.label}
          </Button>
        ))}
        {edited === null &&
          ofKind("edit").map((action) => (
            <Button key={action.action} variant="default" onClick={() => setEdited(action)}>
              {action.label}
            </Button>
          ))}
        {buttons.map((action) => (
          <Button
            key={`${action.kind} ${action.action}`}
            variant="default"
            loading={acting.isPending}
            onClick={() => acting.mutate({ action })}
          >
            {action.label}
          </Button>
        ))}
      </div>
      {triggers.length > 0 && (
        <section className={styles.triggers} aria-labelledby={triggersTitle}>
          <h3 id={triggersTitle} className={styles.triggersTitle}>
            {words.triggers}
          </h3>
          <p className={styles.quiet}>{words.triggersAbout}</p>
          <div className={styles.buttons}>
            {triggers.map((action) => (
              <Button
                key={action.action}
                variant="default"
                size="compact-sm"
                loading={acting.isPending}
                onClick={() => acting.mutate({ action })}
              >
                <code>{action.label}</code>
              </Button>
            ))}
          </div>
        </section>
      )}
    </>
  );
}

interface AttachProps {
  label: string;
  isSending: boolean;
  send: (file: File) => void;
}

function Attach({ label, isSending, send }: AttachProps) {
  const words = useWords().submissions.lifecycle;
  const [file, setFile] = useState<File | null>(null);
  return (
    <div className={styles.attach}>
      <FileInput
        label={label}
        placeholder={words.edit.choose}
        clearable
        clearButtonProps={{ "aria-label": words.edit.noFile }}
        value={file}
        onChange={setFile}
        className={styles.file}
      />
      <Button
        variant="default"
        disabled={file === null}
        loading={isSending}
        onClick={() => file !== null && send(file)}
      >
        {words.sendFile}
      </Button>
    </div>
  );
}
