// The bodies of two attempts side by side: whether the same went out again, and how the answers
// differ.
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Attempt } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { AskedBeside } from "../../payload/AskedBeside";
import { DifferenceTable } from "../../payload/DifferenceTable";
import styles from "./deliveries.module.css";
import { type AttemptSide, attemptBodyQuery, sentTwiceQuery } from "./queries";

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
      ) : side === "request" ? (
        <Requests project={project} delivery={delivery} before={before} after={after} />
      ) : (
        <Bodies project={project} delivery={delivery} side={side} before={before} after={after} />
      )}
    </section>
  ));
}

interface RequestsProps {
  project: string;
  delivery: string;
  before: Attempt;
  after: Attempt;
}

/** Mostly the same went out again: that is said, and not shown twice. Else the places are told in
 *  which it differs, above both. */
function Requests(props: RequestsProps) {
  const { project, delivery, before, after } = props;
  const words = useWords();
  const query = useQuery(sentTwiceQuery(project, delivery, before.number, after.number));
  return (
    <Loaded query={query}>
      {({ sameBytes, places }) =>
        sameBytes ? (
          <p className={styles.quiet}>{words.deliveries.sameBytes}</p>
        ) : (
          <>
            {places !== null && places.differences.length > 0 && (
              <>
                <p>{words.payload.differences(places.differences.length, places.more)}</p>
                <DifferenceTable differences={places.differences} />
              </>
            )}
            <Bodies {...props} side="request" />
          </>
        )
      }
    </Loaded>
  );
}

interface BodiesProps extends RequestsProps {
  side: AttemptSide;
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
