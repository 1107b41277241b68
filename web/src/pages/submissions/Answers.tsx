// What was answered, in the order of the form, with its labels.
import { Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ListFilter } from "lucide-react";
import { useMemo, useState } from "react";
import { EmptyState } from "../../design/EmptyState";
import { Section } from "../../design/Section";
import { AnswerText, choicesOf } from "../../filed/AnswerText";
import { plainText, type Told } from "../../filed/answers";
import { writeCondition } from "../../filed/conditions";
import filed from "../../filed/filed.module.css";
import { labelFor } from "../../filed/labels";
import { type AnswerLine, answeredLines, linesOf } from "../../filed/lines";
import { type FormField, formQuery } from "../../filed/queries";
import { useLanguage, useWords } from "../../i18n/words";
import { writeJson } from "../../payload/json";
import { PayloadView } from "../../payload/PayloadView";
import { readText } from "../../payload/read";
import styles from "./answers.module.css";
import { FileAnswer } from "./Files";
import type { Submission } from "./queries";

interface AnswersProps {
  project: string;
  submission: Submission;
}

export function Answers({ project, submission }: AnswersProps) {
  const words = useWords().submissions;
  const { values, extra, encrypted, untyped } = submission;
  const fields = useQuery(formQuery(project, submission.form)).data?.fields;
  const known = useMemo(() => new Map((fields ?? []).map((each) => [each.path, each])), [fields]);
  const [isWhole, setWhole] = useState(false);
  const all = useMemo(() => linesOf(values), [values]);
  const answered = useMemo(() => answeredLines(all), [all]);
  if (values === null) {
    return <EmptyState>{encrypted ? words.encrypted : words.erased}</EmptyState>;
  }
  const lines = isWhole ? all : answered;
  const hasExtra = extra?.kind === "object" && extra.members.length > 0;
  return (
    <>
      {encrypted && <p className={filed.quiet}>{words.encrypted}</p>}
      {untyped && !encrypted && <p className={filed.quiet}>{words.untyped}</p>}
      {answered.length < all.length && (
        <Switch
          className={styles.whole}
          label={words.unanswered}
          checked={isWhole}
          onChange={(event) => setWhole(event.currentTarget.checked)}
        />
      )}
      {lines.length === 0 && !encrypted && <EmptyState>{words.noAnswers}</EmptyState>}
      <dl className={styles.answers}>
        {lines.map((line) => (
          <Line key={line.id} line={line} known={known} project={project} submission={submission} />
        ))}
      </dl>
      {hasExtra && (
        <Section title={words.extra}>
          <PayloadView payload={readText(writeJson(extra))} />
        </Section>
      )}
    </>
  );
}

interface LineProps extends AnswersProps {
  line: AnswerLine;
  known: ReadonlyMap<string, FormField>;
}

function Line({ line, known, project, submission }: LineProps) {
  const words = useWords().filed;
  const { language } = useLanguage();
  const indent = { "--level": line.level } as React.CSSProperties;
  if (line.kind === "entry") {
    return (
      <div className={styles.title} style={indent}>
        <dt>{words.entry(line.number)}</dt>
        <dd />
      </div>
    );
  }
  const field = known.get(line.path);
  const label = labelFor(field?.labels ?? {}, language);
  const name = (
    <dt>
      {label ?? line.name}
      {label !== null && <code className={styles.path}>{line.path}</code>}
    </dt>
  );
  if (line.kind === "group") {
    return (
      <div className={styles.title} style={indent}>
        {name}
        <dd />
      </div>
    );
  }
  return (
    <div className={styles.answer} style={indent}>
      {name}
      <dd>
        {line.answer.kind === "file" ? (
          <FileAnswer project={project} submission={submission.id} name={line.answer.name} />
        ) : (
          <AnswerText answer={line.answer} choices={choicesOf(field, language)} />
        )}
        {line.answer.kind === "point" && line.answer.accuracy !== null && (
          <span className={filed.quiet}> {words.accuracy(line.answer.accuracy)}</span>
        )}
        {isFilterable(line.answer) && !line.inRepeat && (
          <FilterOn
            project={project}
            form={submission.form}
            condition={writeCondition(
              { path: line.path, asked: "=", value: plainText(line.node) },
              "values",
            )}
          />
        )}
      </dd>
    </div>
  );
}

/** What a condition can be on: one value. */
const isFilterable = ({ kind }: Told): boolean =>
  kind === "text" || kind === "number" || kind === "boolean";

interface FilterOnProps {
  project: string;
  form: string;
  condition: string;
}

function FilterOn({ project, form, condition }: FilterOnProps) {
  const words = useWords().payload;
  return (
    <Link
      to="/projects/$project/submissions"
      params={{ project }}
      search={{ form, where: [condition] }}
      className={styles.filter}
      aria-label={words.filterOn}
      title={words.filterOn}
    >
      <ListFilter size={14} aria-hidden="true" />
    </Link>
  );
}
