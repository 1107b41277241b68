// The bodies of two attempts side by side: whether the same went out again, and how the answers
// differ.
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Attempt } from "../../api/types";
import { useWords } from "../../i18n/words";
import { AskedBeside } from "../../payload/AskedBeside";
import styles from "./deliveries.module.css";
import { type AttemptSide, attemptBodyQuery } from "./queries";

interface ChooseAttemptProps {
  attempts: Attempt[];
  /** The attempt that is open. */
  open: Attempt;
  chosen: string | undefined;
  choose: (number: string | undefined) => void;
}

export function ChooseAttempt({ attempts, open, chosen, choose }: ChooseAttemptProps) {
  const words = useWords().deliveries;
  const others = attempts.filter(({ number }) => number !== open.number);
  return others.length === 0 ? null : (
    <Select
      size="xs"
      aria-label={words.compareWith}
      placeholder={words.compareWith}
      data={others.map(({ number }) => ({
        value: String(number),
        label: words.besideTry(number),
      }))}
      value={chosen ?? null}
      clearable
      onChange={(number) => choose(number ?? undefined)}
    />
  );
}

interface AttemptsBesideProps {
  project: string;
  delivery: string;
  one: Attempt;
  other: Attempt;
}

export function AttemptsBeside({ project, delivery, one, other }: AttemptsBesideProps) {
  const words = useWords().deliveries;
  const [before, after] = one.number <= other.number ? [one, other] : [other, one];
  const sides: [AttemptSide, string][] = [
    ["request", words.request],
    ["response", words.response],
  ];
  return sides.map(([side, title]) => (
    <section key={side} className={styles.beside} aria-label={title}>
      <h3>{title}</h3>
      {before[side] === null || after[side] === null ? (
        <p className={styles.quiet}>{side === "request" ? words.noRequest : words.noResponse}</p>
      ) : before.erased_at !== null || after.erased_at !== null ? (
        <p className={styles.quiet}>{words.erased}</p>
      ) : (
        <Bodies project={project} delivery={delivery} side={side} before={before} after={after} />
      )}
    </section>
  ));
}

interface BodiesProps {
  project: string;
  delivery: string;
  side: AttemptSide;
  before: Attempt;
  after: Attempt;
}

function Bodies({ project, delivery, side, before, after }: BodiesProps) {
  const words = useWords().deliveries;
  const old = useQuery(attemptBodyQuery(project, delivery, before.number, side));
  const fresh = useQuery(attemptBodyQuery(project, delivery, after.number, side));
  return (
    <AskedBeside
      before={old}
      after={fresh}
      beforeLabel={words.attempt(before.number)}
      afterLabel={words.attempt(after.number)}
    />
  );
}
