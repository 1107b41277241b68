// The frame of a definition's form: the fields, what stands beside them, what went wrong that no
// field shows, and the buttons. Leaving with unsaved words asks first.
import { Button } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Problem } from "../api/problem";
import { useConfirm } from "../design/Confirm";
import { ErrorNote } from "../design/ErrorNote";
import { useWords } from "../i18n/words";
import styles from "./definitions.module.css";
import { useDefinitionForm } from "./form";
import { isMeanwhile, MeanwhileNote } from "./Meanwhile";
import type { Mistake } from "./mistakes";
import { isNameTaken } from "./name";

interface FormFrameProps {
  save: () => void;
  saving: boolean;
  saved: boolean;
  saveWord: string;
  cancel: () => void;
  /** Whether something was typed that would be lost. */
  touched: boolean;
  error: unknown;
  rest: Mistake[];
  /** What can be done where somebody else has saved meanwhile. */
  meanwhile?: { name: string; again: () => void; anyway: () => void } | undefined;
  aside?: ReactNode;
  /** Whether the fields take the whole width of the page. */
  wide?: boolean;
  children: ReactNode;
}

export function FormFrame(props: FormFrameProps) {
  const words = useWords();
  const { error, rest, meanwhile, aside } = props;
  const form = useRef<HTMLFormElement>(null);
  useLeaveAsked(props.touched && !props.saved && !props.saving);
  // The first field that is wrong is brought to the reader.
  useEffect(() => {
    if (error !== null) {
      form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
    }
  }, [error]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.save();
  };
  return (
    <form
      ref={form}
      className={styles.form}
      data-wide={props.wide || undefined}
      onSubmit={submit}
      noValidate
    >
      <div className={styles.fields}>
        {props.children}
        <FormFoot
          note={
            meanwhile !== undefined && isMeanwhile(error) ? (
              <MeanwhileNote {...meanwhile} saving={props.saving} />
            ) : (
              <FormError error={isNameTaken(error) ? null : error} rest={rest} />
            )
          }
        >
          <Button type="submit" loading={props.saving}>
            {props.saveWord}
          </Button>
          <Button variant="default" onClick={props.cancel}>
            {words.common.cancel}
          </Button>
        </FormFoot>
      </div>
      {aside !== undefined && <aside className={styles.aside}>{aside}</aside>}
    </form>
  );
}

interface FormFootProps {
  /** What went wrong. */
  note: ReactNode;
  children: ReactNode;
}

/** The buttons of a form, with what went wrong above them. They stay in sight however long the form
 *  is: a note below the fold is not read, and a page that scrolls to it takes the next press. */
export function FormFoot({ note, children }: FormFootProps) {
  return (
    <div className={styles.foot}>
      <div className={styles.note}>{note}</div>
      <div className={styles.buttons}>{children}</div>
    </div>
  );
}

/** What fields do not show. Where they show everything, a sentence that leads to them. */
export function FormError({ error, rest }: { error: unknown; rest: Mistake[] }) {
  const words = useWords().definitions;
  if (error === null) {
    return null;
  }
  if (!(error instanceof Problem) || error.document.problems === undefined) {
    return <ErrorNote error={error} />;
  }
  if (rest.length === 0) {
    return <p role="alert">{words.seeFields}</p>;
  }
  return (
    <ErrorNote
      error={new Problem({ ...error.document, detail: words.notSaved, hint: null, problems: rest })}
    />
  );
}

export function useLeaveAsked(dirty: boolean): void {
  const words = useWords().definitions;
  const confirm = useConfirm();
  useBlocker({
    shouldBlockFn: async () =>
      dirty &&
      !(await confirm({
        title: words.leaveAsk,
        text: words.leaveAbout,
        action: words.leave,
        loses: true,
      })),
    enableBeforeUnload: dirty,
    disabled: !dirty,
  });
}

interface MoreProps {
  title: string;
  about?: string;
  /** The paths of the fields. */
  paths: string[];
  children: ReactNode;
}

/** Fields that most people never need, behind their name; open where something is set or wrong. */
export function More({ title, about, paths, children }: MoreProps) {
  const form = useDefinitionForm();
  const [isOpen, setOpen] = useState(() => paths.some((path) => form.value(path) !== undefined));
  // What is wrong opens it; it stays open when that is mended, as somebody types in it.
  const isWrong = paths.some((path) => form.mistakes(path).length > 0);
  if (isWrong && !isOpen) {
    setOpen(true);
  }
  return (
    <details
      className={styles.more}
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        {title} {about !== undefined && <span>· {about}</span>}
      </summary>
      <div className={styles.group}>{children}</div>
    </details>
  );
}
