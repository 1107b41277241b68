// One attempt whole: the exact request and the exact answer, headers and bodies, and the request as
// a command to try it by hand.
import { useQuery } from "@tanstack/react-query";
import { Terminal } from "lucide-react";
import type { ReactNode } from "react";
import type { Attempt } from "../../api/types";
import { CopyingButton } from "../../design/CopyingButton";
import { ErrorNote } from "../../design/ErrorNote";
import { Time } from "../../design/Time";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { PayloadView } from "../../payload/PayloadView";
import type { Payload } from "../../payload/read";
import { AttemptsBeside, ChooseAttempt } from "./AttemptsBeside";
import { curlBody, curlOf } from "./curl";
import styles from "./deliveries.module.css";
import { type AttemptSide, attemptBodyQuery, attemptPath } from "./queries";

interface ExchangeProps {
  project: string;
  delivery: string;
  attempt: Attempt;
}

interface ComparedProps {
  attempts: Attempt[];
  /** The number of the attempt that stands beside this one. */
  against: string | undefined;
  compare: (against: string | undefined) => void;
}

export function Exchange(props: ExchangeProps & ComparedProps) {
  const { project, delivery, attempt, attempts, against, compare } = props;
  const other = attempts.find(
    (each) => String(each.number) === against && each.number !== attempt.number,
  );
  const words = useWords().deliveries;
  const { number, request, response, erased_at } = attempt;
  const body = (side: AttemptSide) =>
    erased_at === null && (
      <Body project={project} delivery={delivery} number={number} side={side} />
    );
  return (
    <section className={styles.exchange} aria-label={words.attempt(number)}>
      <div className={styles.exchangeHead}>
        <h3>{words.attempt(number)}</h3>
        <Curl project={project} delivery={delivery} attempt={attempt} />
        <ChooseAttempt
          attempts={attempts}
          open={attempt}
          chosen={other === undefined ? undefined : against}
          choose={compare}
        />
      </div>
      {other !== undefined && (
        <AttemptsBeside project={project} delivery={delivery} one={attempt} other={other} />
      )}
      {erased_at !== null && (
        <p className={styles.quiet}>
          {words.erased} <Time at={erased_at} />
        </p>
      )}
      <div className={styles.sides}>
        <Side title={words.request} missing={request === null ? words.noRequest : null}>
          {request !== null && (
            <>
              <code className={styles.line}>
                {request.method} {request.url}
              </code>
              <HeaderList headers={request.headers} />
              {body("request")}
            </>
          )}
        </Side>
        <Side title={words.response} missing={response === null ? words.noResponse : null}>
          {response !== null && (
            <>
              <code className={styles.line}>{response.status}</code>
              <HeaderList headers={response.headers} />
              {response.truncated && <p className={styles.quiet}>{words.truncated}</p>}
              {body("response")}
            </>
          )}
        </Side>
      </div>
    </section>
  );
}

interface SideProps {
  title: string;
  missing: string | null;
  children: ReactNode;
}

function Side({ title, missing, children }: SideProps) {
  return (
    <section className={styles.side} aria-label={title}>
      <h3>{title}</h3>
      {missing === null ? children : <p className={styles.quiet}>{missing}</p>}
    </section>
  );
}

function HeaderList({ headers }: { headers: Record<string, string> }) {
  const words = useWords().deliveries;
  return (
    <>
      <h4>{words.headers}</h4>
      <dl className={styles.headers}>
        {Object.entries(headers).map(([name, value]) => (
          <div key={name}>
            <dt>{name}:</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

interface BodyProps {
  project: string;
  delivery: string;
  number: number;
  side: AttemptSide;
}

function Body({ project, delivery, number, side }: BodyProps) {
  const words = useWords();
  const { data, error, refetch } = useQuery(attemptBodyQuery(project, delivery, number, side));
  return (
    <>
      <h4>{words.deliveries.body}</h4>
      {error !== null ? (
        <ErrorNote error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <ListSkeleton label={words.common.loading} />
      ) : (
        <PayloadView payload={data} download={attemptPath(project, delivery, number, side)} />
      )}
    </>
  );
}

/** The exact text of a payload; null where it is none. */
const textOf = (payload: Payload | undefined) =>
  payload !== undefined && "text" in payload ? payload.text : null;

function Curl({ project, delivery, attempt }: ExchangeProps) {
  const words = useWords();
  const { number, request, erased_at } = attempt;
  const isThere = request !== null && erased_at === null;
  const { data, isPending } = useQuery({
    ...attemptBodyQuery(project, delivery, number, "request"),
    enabled: isThere,
  });
  if (request === null || (isThere && isPending)) {
    return null;
  }
  const file = `request-${delivery}-${number}.bin`;
  const body = curlBody(textOf(data), request.bytes, file);
  const { command, variables } = curlOf(request, body);
  const names = variables.map((name) => `$${name}`).join(", ");
  return (
    <div className={styles.curl}>
      <CopyingButton
        text={command}
        label={words.deliveries.copyCurl}
        icon={<Terminal size={14} />}
        size="compact-sm"
      />
      {variables.length > 0 && <span>{words.deliveries.curlSecrets(names)}</span>}
      {body.kind === "file" && <span>{words.deliveries.curlFile(file)}</span>}
    </div>
  );
}
