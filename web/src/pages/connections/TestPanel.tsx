// Trying a connection, beside its form or on its page: each step in words, the one that failed
// open, with the cause and what to do about it.
import { Button, Loader } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Definition } from "../../definitions/definition";
import { mistakesOf } from "../../definitions/mistakes";
import { type TestResult, testConnection } from "../../definitions/queries";
import { ErrorNote } from "../../design/ErrorNote";
import { Prose } from "../../design/Prose";
import { Facts } from "../../design/Section";
import { Shape } from "../../design/StateMark";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./connections.module.css";
import { factOf, hintOf, type ToldStep, toldSteps, verdictOf } from "./steps";

interface TestPanelProps {
  project: string;
  name: string;
  /** What stands in the form; null for the connection that is saved. */
  definition: Definition | null;
  /** Tells the form what the hub said, so that mistakes land on their fields. */
  told?: (error: unknown) => void;
}

/** What is quicker than this took no time that matters. */
const TOLD_MILLISECONDS = 1;
/** A connection has no name yet when it is first tried. */
const NAMELESS = "new";

export function TestPanel({ project, name, definition, told }: TestPanelProps) {
  const words = useWords().connections.test;
  const testing = useMutation({
    mutationFn: (tried: Definition | null) => testConnection(project, name || NAMELESS, tried),
    onSuccess: () => told?.(null),
    onError: (error) => told?.(error),
  });
  // A verdict is about what was tried, not about what was typed since.
  const isOld = testing.variables !== definition;
  return (
    <div className={styles.test}>
      <p className={styles.hint}>{definition === null ? words.about : words.aboutUnsaved}</p>
      <Button
        variant="default"
        loading={testing.isPending}
        onClick={() => testing.mutate(definition)}
      >
        {testing.data === undefined ? words.run : words.again}
      </Button>
      {testing.isPending && (
        <p role="status">
          <Loader size="xs" /> {words.running}
        </p>
      )}
      {testing.error !== null &&
        (told !== undefined && mistakesOf(testing.error).length > 0 ? (
          <p role="alert">{words.incomplete}</p>
        ) : (
          <ErrorNote error={testing.error} />
        ))}
      {testing.data !== undefined && !testing.isPending && (
        <>
          {isOld && <p className={styles.hint}>{words.changed}</p>}
          <TestOutcome result={testing.data} isOld={isOld} />
        </>
      )}
    </div>
  );
}

interface TestOutcomeProps {
  result: TestResult;
  /** Whether the form has changed since. */
  isOld?: boolean;
}

/** What came of a test: the verdict, each step, and everything that was found out. */
export function TestOutcome({ result, isOld = false }: TestOutcomeProps) {
  const words = useWords().connections.test;
  const format = useFormat();
  return (
    <>
      <p role="status" className={styles.verdict} data-ok={isOld ? undefined : result.ok}>
        {verdictOf(result, words, format)}
      </p>
      <ol className={styles.steps}>
        {toldSteps(result, words, format).map((step) => (
          <Step key={step.step} step={step} method={result.method} />
        ))}
      </ol>
      <details className={styles.all}>
        <summary>{words.details}</summary>
        <Facts
          facts={result.steps.flatMap((step) =>
            step.facts.map((fact): [string, string] => [
              words.fact(words.names[step.step], words.factNames[fact.name] ?? fact.name),
              fact.value,
            ]),
          )}
        />
      </details>
    </>
  );
}

function Step({ step, method }: { step: ToldStep; method: string }) {
  const { connections, common } = useWords();
  const words = connections.test;
  const format = useFormat();
  const { found } = step;
  const tone = step.reached ? (step.ok ? "well" : "bad") : "quiet";
  const hint = found === null ? null : hintOf(found, method, words);
  const answer = found === null ? null : factOf(found, "answer");
  return (
    <li className={styles.step} data-reached={step.reached}>
      <span className={styles.mark}>
        <Shape tone={tone} size={16} />
      </span>
      <span className={styles.words}>
        {step.reached ? step.sentence : common.labelled(words.names[step.step], step.sentence)}
      </span>
      <span className={styles.took}>
        {found !== null &&
          found.duration_ms >= TOLD_MILLISECONDS &&
          format.duration(found.duration_ms)}
      </span>
      {found !== null && (!found.ok || hint !== null) && (
        <div className={styles.opened}>
          {found.error !== null && (
            <p>
              <Prose text={found.error.message} />
            </p>
          )}
          {answer !== null && !found.ok && <code>{answer}</code>}
          {hint !== null && (
            <p className={found.ok ? styles.hint : undefined}>
              {!found.ok && <strong>{words.todo} </strong>}
              <Prose text={hint} />
            </p>
          )}
        </div>
      )}
    </li>
  );
}
