// Where a submission stands in the lifecycle of its form: its status, what the reader may do now, what is wrong
// with the lifecycle itself, and all that happened to it, the newest first.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Problem } from "../../api/problem";
import { useMay } from "../../api/useMay";
import { EmptyState } from "../../design/EmptyState";
import { Facts, Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import table from "../../design/table.module.css";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { LifecycleActions } from "./LifecycleActions";
import styles from "./lifecycle.module.css";
import {
  type LifecycleEvent,
  type LifecyclePart,
  lifecycleQuery,
  type Lifecycle as Standing,
  type Submission,
} from "./queries";

interface LifecycleProps {
  project: string;
  submission: Submission;
}

const NONE = "no-lifecycle";

export function Lifecycle({ project, submission }: LifecycleProps) {
  const words = useWords().submissions.lifecycle;
  const query = useQuery(lifecycleQuery(project, submission.id));
  if (query.error instanceof Problem && query.error.code === NONE) {
    return <EmptyState>{words.none}</EmptyState>;
  }
  return (
    <Loaded query={query}>
      {(standing) => <Shown project={project} submission={submission} standing={standing} />}
    </Loaded>
  );
}

function Shown({ project, submission, standing }: LifecycleProps & { standing: Standing }) {
  const words = useWords().submissions.lifecycle;
  const may = useMay(project, "editor");
  const { status, tracking_code: code, anonymised_at: anonymised } = standing;
  const facts: [string, ReactNode][] = [
    [words.status, <Status key="status" standing={standing} />],
    [words.since, <Time key="since" at={standing.arrived_at} />],
    [words.known, standing.display_id],
  ];
  if (code !== null) {
    facts.push([words.code, <code key="code">{code}</code>]);
  }
  if (anonymised !== null) {
    facts.push([words.anonymised, <Time key="anonymised" at={anonymised} />]);
  }
  return (
    <>
      <div className={styles.standing}>
        <Facts facts={facts} />
      </div>
      {may && !standing.busy && standing.actions.length > 0 && (
        <Section title={words.actions}>
          <LifecycleActions
            key={status?.id ?? "draft"}
            project={project}
            submission={submission}
            form={standing.form}
            actions={standing.actions}
          />
        </Section>
      )}
      {standing.problems.length > 0 && (
        <Section title={words.problems}>
          <div className={table.wide}>
            <table className={table.table}>
              <tbody>
                {standing.problems.map((problem) => (
                  <tr key={`${problem.at} ${problem.place ?? ""} ${problem.code}`}>
                    <td>
                      <Time at={problem.at} shown="clock" />
                    </td>
                    <td>{problem.place}</td>
                    <td className={styles.wrong}>{problem.message}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Section>
      )}
      <Section title={words.history}>
        <div className={table.wide}>
          <table className={table.table}>
            <tbody>
              {standing.history.toReversed().map((event) => (
                <Happened
                  key={`${event.at} ${event.status ?? ""}`}
                  project={project}
                  event={event}
                />
              ))}
            </tbody>
          </table>
        </div>
      </Section>
    </>
  );
}

function Status({ standing }: { standing: Standing }) {
  const words = useWords().submissions.lifecycle;
  const { status } = standing;
  if (standing.draft) {
    return <StateMark tone="quiet">{words.draft}</StateMark>;
  }
  if (status === null) {
    return <StateMark tone="bad">{words.gone}</StateMark>;
  }
  return (
    <>
      <StateMark tone={status.endpoint ? "ended" : "waiting"}>{status.name}</StateMark>
      {standing.busy && <span className={styles.busy}>{words.busy}</span>}
    </>
  );
}

function Happened({ project, event }: { project: string; event: LifecycleEvent }) {
  const words = useWords().submissions.lifecycle;
  const who = event.who === "submitter" ? words.submitter : (event.who ?? words.byItself);
  return (
    <tr>
      <td>
        <Time at={event.at} shown="clock" />
      </td>
      <td>{who}</td>
      <td>
        {event.status !== null && <p className={styles.line}>{words.cameTo(event.status)}</p>}
        {event.parts.map((part) => (
          <Part key={`${part.kind} ${part.text}`} project={project} part={part} />
        ))}
      </td>
    </tr>
  );
}

function Part({ project, part }: { project: string; part: LifecyclePart }) {
  const words = useWords().submissions.lifecycle;
  if (part.kind === "comment") {
    return <blockquote className={styles.said}>{part.text}</blockquote>;
  }
  const told = words.parts[part.kind as keyof typeof words.parts] ?? part.kind;
  return (
    <p className={styles.line}>
      {told}: {part.text}{" "}
      {part.delivery !== null && (
        <Link
          to="/projects/$project/deliveries/$delivery"
          params={{ project, delivery: part.delivery }}
        >
          {words.toDelivery}
        </Link>
      )}
    </p>
  );
}
