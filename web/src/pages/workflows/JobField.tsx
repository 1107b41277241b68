// The job of a step: its text, what the compiler says of it while it is typed, and the functions that
// it may call.
import { useMemo, useRef } from "react";
import own from "../../definitions/definitions.module.css";
import { mistakeText } from "../../definitions/fields";
import { useDefinitionForm } from "../../definitions/form";
import { sentence } from "../../design/ErrorNote";
import { Prose } from "../../design/Prose";
import { StateMark } from "../../design/StateMark";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import type { Offered } from "./completions";
import { FunctionDocs } from "./FunctionDocs";
import type { FlowStep } from "./graph";
import { JobEditor, type JobEditorHandle } from "./JobEditor";
import { useJobCheck } from "./useJobCheck";
import styles from "./workflows.module.css";

interface JobFieldProps {
  project: string;
  step: FlowStep;
  offered: readonly Offered[];
}

export function JobField({ project, step, offered }: JobFieldProps) {
  const all = useFlowWords();
  const words = all.workflows.editor;
  const format = useFormat();
  const form = useDefinitionForm();
  const editor = useRef<JobEditorHandle>(null);
  const { check, isChecking } = useJobCheck(project, step.adaptors, step.job);
  const problems = useMemo(() => check?.problems ?? [], [check]);
  const wrong = problems.filter((each) => !each.is_warning).length;
  const path = `steps.${step.id}.job`;
  const mistakes = form.mistakes(path);
  const label = all.common.labelled(all.workflows.form.job, step.title);
  return (
    <div className={styles.job}>
      <div className={styles.jobHead}>
        <span className={styles.label}>{all.workflows.form.job}</span>
        <span role="status">
          {isChecking ? (
            <StateMark tone="quiet">{words.checking}</StateMark>
          ) : (
            check !== undefined && (
              <StateMark tone={wrong === 0 ? "well" : "bad"}>
                {wrong === 0 ? words.fine(check.operations.length) : words.problems(wrong)}
              </StateMark>
            )
          )}
        </span>
      </div>
      <div className={styles.code}>
        <JobEditor
          key={step.id}
          ref={editor}
          label={label}
          text={step.job}
          changed={(text) => form.put(path, text)}
          offered={offered}
          problems={problems}
        />
        {problems.length > 0 && (
          <ul className={styles.problems}>
            {problems.map(({ code, message, hint, line, column, is_warning }) => (
              <li key={`${code} ${line} ${column}`} data-warning={is_warning || undefined}>
                {line !== null && (
                  <strong>{words.place(format.number(line), format.number(column ?? 1))}: </strong>
                )}
                <Prose text={sentence(message)} />
                {hint !== null && <Prose text={` ${sentence(hint)}`} />}
              </li>
            ))}
          </ul>
        )}
        {wrong === 0 && mistakes.length > 0 && (
          <p className={own.mistakes} role="alert">
            {mistakeText(mistakes)}
          </p>
        )}
      </div>
      <FunctionDocs offered={offered} insert={(text) => editor.current?.insert(text)} />
    </div>
  );
}
