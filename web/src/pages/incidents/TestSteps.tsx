// What came of a test of a connection, step by step up to the first that failed.
import type { components } from "../../api/schema";
import { Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./incidents.module.css";

type TestResult = components["schemas"]["TestResult"];

export function TestSteps({ result }: { result: TestResult }) {
  const words = useWords().incidents;
  const format = useFormat();
  return (
    <Section title={result.ok ? words.testOk : words.testBad}>
      <p>{result.verdict}</p>
      <ol className={styles.steps}>
        {result.steps.map(({ step, ok, duration_ms, facts, error, hint }) => (
          <li key={step} className={styles.step}>
            <StateMark tone={ok ? "well" : "bad"}>{words.steps[step]}</StateMark>
            <span className={styles.stepFacts}>
              {[...facts.map(({ name, value }) => `${name} ${value}`), error?.message, hint]
                .filter((part) => part != null)
                .join(" · ")}
            </span>
            <span className="numbers">{format.duration(duration_ms)}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
